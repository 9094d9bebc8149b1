using CtSeg.Functions.Settings;

namespace CtSeg.Functions.Tests.Settings;

public sealed class FunctionsOptionsTests
{
    private const string Connection = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=AAAA;BlobEndpoint=http://127.0.0.1:1/a;";
    private const string Schedule = "a schedule of six fields (second, minute, hour, day, month, day of the week) as ";

    [Fact]
    public void Given_OnlyWhatTheHandlerItselfReads_When_Read_Then_WhatTheHostNeedsIsTold() =>
        Should.Throw<SettingsException>(() => FunctionsOptions.Read(new Dictionary<string, string> { ["SlicesStorage"] = Connection, ["FUNCTIONS_CUSTOMHANDLER_PORT"] = "1" }))
            .Message.Split(Environment.NewLine).ShouldBe(
            [
                "The functions cannot start with these settings:",
                "ServiceBus is not set: set the environment variable ServiceBus to a connection string, or ServiceBus__fullyQualifiedNamespace to an address that is entered with the identity of the process.",
                $"ReconcileSchedule is not set: it must be {Schedule}'0 * * * * *'.",
                $"RetrainingSchedule is not set: it must be {Schedule}'0 0 2 * * *'.",
                $"TrainingRunsSchedule is not set: it must be {Schedule}'0 */5 * * * *'.",
            ]);

    [Fact]
    public void Given_OnlyWhatMustBe_When_Read_Then_Defaults()
    {
        var options = Read(("SlicesStorage", Connection), ("FUNCTIONS_CUSTOMHANDLER_PORT", "5001"), ("FUNCTIONS_HTTPWORKER_PORT", "5002"));
        options.Port.ShouldBe(5001);
        options.MaxUploadBytes.ShouldBe(67_108_864);
        options.Reconcile.ShouldBe(new CtSeg.Recovery.ReconcilePolicy(TimeSpan.FromMinutes(10), 8, 200));
        options.TrainingRuns.ShouldBe(new CtSeg.TrainingRuns.TrainingRunPolicy(TimeSpan.FromMinutes(10), 100));
        options.Night.ShouldBe(new CtSeg.TrainingRuns.TrainingRunRequest("schedule"));
        options.ImageLimits.ShouldBe(CtSeg.Imaging.ImageLimits.Default);
    }

    [Fact]
    public void Given_SettingsOfTheNight_When_Read_Then_TheyAreWhatIsAskedFor()
    {
        var night = Read(
            ("SlicesStorage", Connection), ("FUNCTIONS_CUSTOMHANDLER_PORT", "1"),
            ("RetrainingMinutes", "90.5"), ("RetrainingFromScratch", "true"), ("RetrainingShadowShare", "0.25")).Night;
        night.ShouldBe(new CtSeg.TrainingRuns.TrainingRunRequest("schedule") { Minutes = 90.5, FromScratch = true, Shadow = new CtSeg.Models.ShadowTerms(0.25) });
    }

    [Theory]
    [InlineData("RetrainingMinutes", "a night", "RetrainingMinutes is 'a night': it must be a number of more than 0 and at most 10080.")]
    [InlineData("RetrainingFromScratch", "yes", "RetrainingFromScratch is 'yes': it must be true or false.")]
    [InlineData("RetrainingShadowShare", "10%", "RetrainingShadowShare is '10%': it must be a number of more than 0 and at most 1.")]
    [InlineData("RetrainingMinutes", "0", "RetrainingMinutes is '0': it must be a number of more than 0 and at most 10080.")]
    [InlineData("RetrainingMinutes", "NaN", "RetrainingMinutes is 'NaN': it must be a number of more than 0 and at most 10080.")]
    [InlineData("RetrainingShadowShare", "2", "RetrainingShadowShare is '2': it must be a number of more than 0 and at most 1.")]
    public void Given_AWrongNight_When_Read_Then_OneSentenceSaysSo(string name, string value, string sentence) =>
        Should.Throw<SettingsException>(() => Read(("SlicesStorage", Connection), ("FUNCTIONS_CUSTOMHANDLER_PORT", "1"), (name, value)))
            .Message.Split(Environment.NewLine).ShouldBe(["The functions cannot start with these settings:", sentence]);

    [Fact]
    public void Given_OlderHost_When_Read_Then_ItsPort() =>
        Read(("SlicesStorage", Connection), ("FUNCTIONS_HTTPWORKER_PORT", "5002")).Port.ShouldBe(5002);

    [Fact]
    public void Given_Identity_When_Read_Then_ItsEndpoint() =>
        Read(
            ("SlicesStorage__blobServiceUri", "https://account.example/"), ("SlicesStorage__queueServiceUri", "https://queues.example/"),
            ("SlicesStorage__credential", "managedidentity"), ("SlicesStorage__clientId", "7c1e3ab7-92f5-4d52-8e0c-3fd5a7a2c001"),
            ("FUNCTIONS_CUSTOMHANDLER_PORT", "1"))
            .Storage.Uri.ShouldBe(new Uri("https://account.example/"));

    [Fact]
    public void Given_ManyMistakes_When_Read_Then_OneMessageListsAll()
    {
        var error = Should.Throw<SettingsException>(() => Read(
            ("RetrainingSchedule", ""), ("SlicesStorage", "secret-nonsense"), ("MaxUploadBytes", "-1"), ("ReconcileAfter", "soon"), ("MaxSegmentationAttempts", "0"), ("ReconcileBatch", "9999"),
            ("TrainingRunsAfter", "0"), ("MaxTrainingAttempts", "0"), ("ReconcileSchedule", "* * * * *"),
            ("AzureWebJobsStorage", Connection), ("AzureWebJobsStorage__blobServiceUri", "https://account.example/"),
            ("ServiceBus", "Endpoint=sb://b/;SharedAccessKey=secret-nonsense"), ("ServiceBus__fullyQualifiedNamespace", "https://b"),
            ("ServiceBus__clientid", "1"), ("MaxUplaodBytes", "1"), ("AZURE_CLIENT_ID", "me")));
        foreach (var name in (string[])["FUNCTIONS_CUSTOMHANDLER_PORT", "SlicesStorage", "MaxUploadBytes", "ReconcileAfter", "MaxSegmentationAttempts", "ReconcileBatch", "TrainingRunsAfter", "MaxTrainingAttempts"])
            error.Message.ShouldContain(name);
        error.Message.Split(Environment.NewLine).ShouldBe(
        [
            "The functions cannot start with these settings:",
            "FUNCTIONS_CUSTOMHANDLER_PORT is not set: it must be a whole number from 0 to 65535.",
            "MaxUploadBytes is '-1': it must be a whole number from 1 to 536870912.",
            "ReconcileAfter is 'soon': it must be a duration from 00:00:01 to 7.00:00:00.",
            "MaxSegmentationAttempts is '0': it must be a whole number from 1 to 100.",
            "ReconcileBatch is '9999': it must be a whole number from 1 to 5000.",
            "TrainingRunsAfter is '0': it must be a duration from 00:00:01 to 7.00:00:00.",
            "MaxTrainingAttempts is '0': it must be a whole number from 1 to 10000.",
            "AzureWebJobsStorage and AzureWebJobsStorage__blobServiceUri are both set: keep the address, which is entered with an identity, or the connection string, and remove the other.",
            "SlicesStorage cannot be read: it must be a storage connection string, copied from the storage account.",
            "ServiceBus cannot be read: it must be a Service Bus connection string as Endpoint=sb://{namespace}.servicebus.windows.net/;SharedAccessKeyName={name};SharedAccessKey={key}.",
            "ServiceBus__fullyQualifiedNamespace is 'https://b': it must be a host name as name.servicebus.windows.net.",
            "ServiceBus and ServiceBus__fullyQualifiedNamespace are both set: keep the address, which is entered with an identity, or the connection string, and remove the other.",
            "AZURE_CLIENT_ID is 'me': it must be a client id as 00000000-0000-0000-0000-000000000000.",
            "ReconcileSchedule is '* * * * *': it must be a schedule of six fields (second, minute, hour, day, month, day of the week) as '0 * * * * *'.",
            $"RetrainingSchedule is not set: it must be {Schedule}'0 0 2 * * *'.",
            "MaxUplaodBytes is no setting and nobody reads it: MaxUploadBytes may be meant.",
            "ServiceBus__clientid is no setting and nobody reads it: ServiceBus__clientId may be meant.",
        ]);
        error.Message.ShouldNotContain("secret-nonsense");
    }

    [Theory]
    [InlineData("SlicesStorage__blobServiceUri", "not a uri")]
    [InlineData("SlicesStorage__blobServiceUri", "http://account.example/")]
    [InlineData("SlicesStorage__blobServiceUri", "https://account.example/")]
    [InlineData("SlicesStorage__queueServiceUri", "https://account.example/")]
    [InlineData("SlicesStorage", "")]
    public void Given_NoStorage_When_Read_Then_Refused(string name, string value) =>
        Should.Throw<SettingsException>(() => Read((name, value), ("FUNCTIONS_CUSTOMHANDLER_PORT", "1"))).Message.ShouldContain("SlicesStorage");

    /// <summary>Beside what the host needs, unless something else is said of it.</summary>
    private static FunctionsOptions Read(params (string Name, string Value)[] settings)
    {
        var all = new Dictionary<string, string>(Handler.HostSettings);
        foreach (var (name, value) in settings)
            all[name] = value;
        return FunctionsOptions.Read(all);
    }
}
