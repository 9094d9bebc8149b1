using System.CommandLine;
using System.Text.Json;
using CtSeg.Configuration;

namespace CtSeg.TrainingJob.Tests;

public sealed class SettingsCommandTests
{
    [Fact]
    public async Task Given_TheSettings_When_Listed_Then_EachIsToldWithItsDefault()
    {
        var lines = (await RunAsync()).Split('\n');

        lines.Where(line => line.Length > 0 && line[0] != ' ').Select(line => line.Split(" = ")[0]).ShouldBe(SettingCatalogue.All.Select(setting => setting.Name));
        lines.ShouldContain("ReconcileAfter = 00:10:00");
    }

    [Fact]
    public async Task Given_TheSettings_When_ListedForAProgram_Then_SecretsAreMarked()
    {
        using var json = JsonDocument.Parse(await RunAsync("--json"));

        var secrets = json.RootElement.EnumerateArray().Where(setting => setting.GetProperty("secret").GetBoolean()).Select(setting => setting.GetProperty("name").GetString());
        secrets.ShouldContain("SlicesStorage");
        secrets.ShouldNotContain("ReconcileAfter");
    }

    private static async Task<string> RunAsync(params string[] args)
    {
        var output = new StringWriter { NewLine = "\n" };
        var code = await SettingsCommand.Create().Parse(args).InvokeAsync(new InvocationConfiguration { Output = output }, TestContext.Current.CancellationToken);
        code.ShouldBe(0);
        return output.ToString();
    }
}
