using CtSeg.Configuration;
using CtSeg.Testing;

namespace CtSeg.Shared.Tests.Configuration;

public sealed class SettingTests
{
    [Theory]
    [InlineData("0 * * * * *", true)]
    [InlineData("0 0 2 * * *", true)]
    [InlineData("0 */5 8-18 1,15 JAN-mar MON-FRI", true)]
    [InlineData("*/10 * * * * *", true)]
    [InlineData("0 0 2 * *", false)]
    [InlineData("0 0 24 * * *", false)]
    [InlineData("0 0 2 * FRI *", false)]
    [InlineData("0 0 2 * * 7", false)]
    [InlineData("0 30-10 2 * * *", false)]
    [InlineData("0 */0 2 * * *", false)]
    [InlineData("0 1/2/3 2 * * *", false)]
    [InlineData("nightly", false)]
    public void Given_ASchedule_When_Checked_Then_OnlySixFieldsInTheirRangesHold(string text, bool holds) =>
        SettingCatalogue.RetrainingSchedule.Accepts(text).ShouldBe(holds);

    [Theory]
    [InlineData("name.servicebus.windows.net", "name.servicebus.windows.net", -1)]
    [InlineData("127.0.0.1:5671", "127.0.0.1", 5671)]
    [InlineData("sb://name.servicebus.windows.net", null, -1)]
    [InlineData("name.servicebus.windows.net/", null, -1)]
    [InlineData("name.servicebus.windows.net/queue", null, -1)]
    [InlineData("user@name", null, -1)]
    [InlineData("a b", null, -1)]
    public void Given_ANamespace_When_Parsed_Then_OnlyAHostNameHolds(string text, string? host, int port)
    {
        NamespaceAddress.TryParse(text, out var foundHost, out var foundPort).ShouldBe(host is not null);
        (foundHost, foundPort).ShouldBe((host ?? "", port));
    }

    [Fact]
    public void Given_NothingIsSet_When_Read_Then_EachDefaultIsAValueOfItsSetting()
    {
        foreach (var setting in SettingCatalogue.All.Where(setting => setting.Default.Length > 0))
            setting.Accepts(setting.Default).ShouldBeTrue(setting.Name);
    }

    [Fact]
    public void Given_TheCatalogue_When_Listed_Then_EveryNameOfTheContractsIsInItOnce()
    {
        var names = SettingCatalogue.All.Select(setting => setting.Name).ToList();

        names.ShouldBeUnique();
        foreach (var field in typeof(CtSeg.Contracts.Settings).GetFields().Where(field => !field.Name.StartsWith("Default", StringComparison.Ordinal)))
            names.ShouldContain((string)field.GetRawConstantValue()!);
        foreach (var field in typeof(CtSeg.Contracts.Connections).GetFields())
            names.ShouldContain((string)field.GetRawConstantValue()!);
    }

    [Theory]
    [InlineData("SlicesStorage__blobServiceUrl", "SlicesStorage__blobServiceUri may be meant")]
    [InlineData("SlicesStorage_blobServiceUri", "SlicesStorage__blobServiceUri may be meant")]
    [InlineData("slicesstorage", "SlicesStorage may be meant")]
    [InlineData("ReconcielAfter", "ReconcileAfter may be meant")]
    [InlineData("MaxUploadByte", "MaxUploadBytes may be meant")]
    [InlineData("ServiceBus__namespace", "ServiceBus__fullyQualifiedNamespace")]
    [InlineData("ServiceBus__sharedAccessKey", "the connection ServiceBus has")]
    [InlineData("AzureWebJobsStorage__accountNme", "the connection AzureWebJobsStorage has")]
    public void Given_AMistypedName_When_Checked_Then_TheLikelyOneIsNamed(string name, string likely) =>
        MistypedNames.Among([name, "PATH"]).ShouldHaveSingleItem().ShouldContain(likely);

    [Theory]
    [InlineData("AzureWebJobsStorage__accountName")]
    [InlineData("AzureWebJobs.PreprocessSlice.Disabled")]
    [InlineData("APPSETTING_SlicesStorage__blobServiceUri")]
    [InlineData("AZURE_TENANT_ID")]
    [InlineData("FUNCTIONS_WORKER_RUNTIME")]
    [InlineData("MaxItems")]
    [InlineData("SlicesStorage__clientId")]
    public void Given_NamesOfOthers_When_Checked_Then_NothingIsSaid(string name) => MistypedNames.Among([name]).ShouldBeEmpty();

    [Theory]
    [InlineData("", "", 0)]
    [InlineData("abc", "", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("upload", "uplaod", 1)]
    public void Given_TwoWords_When_Compared_Then_TheFewestChanges(string one, string other, int mistakes) =>
        MistypedNames.Distance(one, other).ShouldBe(mistakes);

    [Fact]
    public void Given_ThePageOfSettings_When_Compared_Then_ItsTableIsTheCatalogues()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "settings.md")).ReplaceLineEndings("\n");

        page.ShouldContain(SettingsTable.ToMarkdown(), customMessage: "Print the table with ./ctseg settings --markdown.");
    }
}
