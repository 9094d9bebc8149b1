using CtSeg.Functions.Settings;

namespace CtSeg.Functions.Tests.Settings;

public sealed class FunctionsOptionsTests
{
    private const string Connection = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=AAAA;BlobEndpoint=http://127.0.0.1:1/a;";

    [Fact]
    public void Given_OnlyWhatMustBe_When_Read_Then_Defaults()
    {
        var options = Read(("SlicesStorage", Connection), ("FUNCTIONS_CUSTOMHANDLER_PORT", "5001"), ("FUNCTIONS_HTTPWORKER_PORT", "5002"));
        options.Port.ShouldBe(5001);
        options.MaxUploadBytes.ShouldBe(67_108_864);
        options.Reconcile.ShouldBe(new CtSeg.Recovery.ReconcilePolicy(TimeSpan.FromMinutes(10), 4, 200));
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
    [InlineData("RetrainingMinutes", "a night", "RetrainingMinutes is 'a night': it must be a number.")]
    [InlineData("RetrainingFromScratch", "yes", "RetrainingFromScratch is 'yes': it must be true or false.")]
    [InlineData("RetrainingShadowShare", "10%", "RetrainingShadowShare is '10%': it must be a number.")]
    [InlineData("RetrainingMinutes", "0", "RetrainingMinutes and RetrainingShadowShare ask for a nightly training run that cannot be: minutes are 0; more than 0 and at most 10080 are possible.")]
    [InlineData("RetrainingMinutes", "NaN", "RetrainingMinutes and RetrainingShadowShare ask for a nightly training run that cannot be: minutes are NaN; more than 0 and at most 10080 are possible.")]
    [InlineData("RetrainingShadowShare", "2", "RetrainingMinutes and RetrainingShadowShare ask for a nightly training run that cannot be: shadow.share is 2; more than 0 and at most 1 is possible.")]
    public void Given_AWrongNight_When_Read_Then_OneSentenceSaysSo(string name, string value, string sentence) =>
        Should.Throw<SettingsException>(() => Read(("SlicesStorage", Connection), ("FUNCTIONS_CUSTOMHANDLER_PORT", "1"), (name, value)))
            .Message.Split(Environment.NewLine).ShouldBe(["The functions cannot start with these settings:", sentence]);

    [Fact]
    public void Given_OlderHost_When_Read_Then_ItsPort() =>
        Read(("SlicesStorage", Connection), ("FUNCTIONS_HTTPWORKER_PORT", "5002")).Port.ShouldBe(5002);

    [Fact]
    public void Given_Identity_When_Read_Then_ItsEndpoint() =>
        Read(("SlicesStorage__blobServiceUri", "https://account.example/"), ("FUNCTIONS_CUSTOMHANDLER_PORT", "1"))
            .Storage.Uri.ShouldBe(new Uri("https://account.example/"));

    [Fact]
    public void Given_ManyMistakes_When_Read_Then_OneMessageListsAll()
    {
        var error = Should.Throw<SettingsException>(() => Read(
            ("SlicesStorage", "secret-nonsense"), ("MaxUploadBytes", "-1"), ("ReconcileAfter", "soon"), ("MaxSegmentationAttempts", "0"), ("ReconcileBatch", "9999"),
            ("TrainingRunsAfter", "0"), ("MaxTrainingAttempts", "0")));
        foreach (var name in (string[])["FUNCTIONS_CUSTOMHANDLER_PORT", "SlicesStorage", "MaxUploadBytes", "ReconcileAfter", "MaxSegmentationAttempts", "ReconcileBatch", "TrainingRunsAfter", "MaxTrainingAttempts"])
            error.Message.ShouldContain(name);
        error.Message.ShouldNotContain("secret-nonsense");
    }

    [Theory]
    [InlineData("SlicesStorage__blobServiceUri", "not a uri")]
    [InlineData("SlicesStorage", "")]
    public void Given_NoStorage_When_Read_Then_Refused(string name, string value) =>
        Should.Throw<SettingsException>(() => Read((name, value), ("FUNCTIONS_CUSTOMHANDLER_PORT", "1"))).Message.ShouldContain("SlicesStorage");

    private static FunctionsOptions Read(params (string Name, string Value)[] settings) =>
        FunctionsOptions.Read(settings.ToDictionary(s => s.Name, s => s.Value).GetValueOrDefault);
}
