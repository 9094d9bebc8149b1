using CtSeg.Local.FunctionsHost;
using CtSeg.Local.Stack;
using CtSeg.Local.Up;

namespace CtSeg.Local.Tests.Up;

public sealed class UpCommandTests
{
    private static readonly string[] OfRetraining = ["ReconcileTrainingRuns", "ScheduleRetraining", "StartTrainingRun"];

    [Fact]
    public void Given_AModelFolder_When_Parsed_Then_NothingRetrainsAndTheStartSaysSo()
    {
        var options = OptionsOf("--model", "weights/mine");

        options.Retrains.ShouldBeFalse();
        UpCommand.RetrainingOf(options).ShouldStartWith($"off: the model in {Path.GetFullPath("weights/mine")} serves");
        Functions().Except(Functions(options)).Order(StringComparer.Ordinal).ShouldBe(OfRetraining);
    }

    [Fact]
    public void Given_NoModelFolder_When_Parsed_Then_TheModelIsRetrained()
    {
        var options = OptionsOf("--retraining-schedule", "0 0 1 * * *");

        (options.Retrains, options.Model).ShouldBe((true, null));
        UpCommand.RetrainingOf(options).ShouldContain("training-runs start");
        options.Settings.ShouldHaveSingleItem().Value.ShouldBe("0 0 1 * * *");
        Functions(options).ShouldBe(Functions());
    }

    [Fact]
    public void Given_AModelFolderAndASchedule_When_Parsed_Then_Refused() =>
        UpCommand.Create().Parse(["--model", "weights/mine", "--retraining-schedule", "0 0 1 * * *"]).Errors
            .ShouldHaveSingleItem().Message.ShouldContain("does not go with --model");

    [Theory]
    [InlineData("", null)]
    [InlineData("--identity", 3600)]
    [InlineData("--identity --token-seconds 60", 60)]
    public void Given_Identity_When_Parsed_Then_TokensLiveAsLongAsAsked(string arguments, int? seconds) =>
        OptionsOf(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)).TokenLifetime.ShouldBe(seconds is { } given ? TimeSpan.FromSeconds(given) : null);

    [Theory]
    [InlineData("--token-seconds 60", "goes with --identity only")]
    [InlineData("--identity --token-seconds 9", "between 10 and 86400")]
    public void Given_ALifeOfTokensThatCannotBe_When_Parsed_Then_Refused(string arguments, string why) =>
        UpCommand.Create().Parse(arguments.Split(' ')).Errors.ShouldHaveSingleItem().Message.ShouldContain(why);

    private static StackOptions OptionsOf(params string[] arguments)
    {
        var parsed = UpCommand.Create().Parse(arguments);
        parsed.Errors.ShouldBeEmpty();
        return UpCommand.OptionsOf(parsed, Checkout.Find());
    }

    /// <summary>Names of the functions of the checkout that the host would run with these settings.</summary>
    private static List<string> Functions(StackOptions? options = null)
    {
        var settings = new AppSettings(options?.Settings ?? new Dictionary<string, string>());
        return
        [
            .. Directory.GetFiles(Path.Combine(Checkout.Find().Root, "functions"), "function.json", SearchOption.AllDirectories)
                .Where(file => Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(file))) == "functions")
                .Select(file => FunctionApp.ReadFunction(Path.GetFileName(Path.GetDirectoryName(file))!, JsonFile.Read(file), settings)?.Name)
                .OfType<string>().Order(StringComparer.Ordinal),
        ];
    }
}
