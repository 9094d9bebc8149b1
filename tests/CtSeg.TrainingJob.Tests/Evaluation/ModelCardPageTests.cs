using System.Globalization;
using System.Text.Json;
using CtSeg.Testing;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Tests.Evaluation;

/// <summary>The figures of the model card are those of docs/results/best, and its terms those of the licence beside the weights.</summary>
public sealed class ModelCardPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "model-card.md"));
    private static readonly string Weights = ShippedModel.Folder(ShippedModel.Root);

    [Theory]
    [InlineData("infection")]
    [InlineData("ground-glass-opacity")]
    [InlineData("consolidation")]
    [InlineData("pleural-effusion")]
    public void Given_ARowOfTheScores_When_Read_Then_EveryFigureIsThatOfTheEvaluation(string name)
    {
        var finding = Finding(name);
        string Figure(string score, string format = "F3") => Text(finding.GetProperty(score), format);
        var row = $"| {name.Replace('-', ' ')} | {finding.GetProperty("slicesWithClass")} | {Figure("dice")} | {Figure("meanPerImage")} | {Figure("precision")} | {Figure("recall")} "
            + $"| {Figure("hausdorffDistance95", "F1")}; {finding.GetProperty("slicesWithDistance")} |";
        Section("Scores").ShouldContain(row);
    }

    [Theory]
    [InlineData("microDice")]
    [InlineData("meanClassDice")]
    [InlineData("calibration/expectedError")]
    [InlineData("lesionCalibration/expectedError")]
    public void Given_AScoreOfASentence_When_Read_Then_ItIsThatOfTheEvaluation(string path) =>
        Section("Scores").ShouldContain(Text(path.Split('/').Aggregate(BestResults.Report, (at, name) => at.GetProperty(name)), "F3"));

    [Theory]
    [InlineData("ground-glass-opacity")]
    [InlineData("consolidation")]
    [InlineData("pleural-effusion")]
    public void Given_AFindingThatIsCalledWhereItIsNot_When_Read_Then_TheCardSaysHowOften(string name)
    {
        var alarms = Finding(name).GetProperty("falseAlarms");
        Section("Scores").ShouldContain(
            $"| {name.Replace('-', ' ')} | {alarms.GetProperty("slicesWithout")} | {alarms.GetProperty("slicesAlarmed")} | {alarms.GetProperty("pixels").GetInt64().ToString("N0", CultureInfo.InvariantCulture)} |");
    }

    [Fact]
    public void Given_TheAttentionSetToZero_When_Read_Then_TheFiguresAreThoseOfTheEvaluation()
    {
        var attention = BestResults.Report.GetProperty("scores").GetProperty("attention");
        double Of(string name) => attention.GetProperty(name).GetDouble();
        var interval = attention.GetProperty("lostInterval");
        Section("Scores").ShouldContain(string.Create(
            CultureInfo.InvariantCulture,
            $"the infection Dice is {Of("infectionDice"):F3}, {Of("infectionDiceLost"):F3} less ({interval.GetProperty("low").GetDouble():F3} to {interval.GetProperty("high").GetDouble():F3}), and {100 * Of("changedLesionPixels"):F0} % of the lesion pixels change class"));
    }

    [Fact]
    public void Given_TheModelsThatWereScored_When_HeldAgainstTheShippedWeights_Then_TheyJudgeAlike()
    {
        var configuration = ModelFolder.ReadManifest(Weights).Configuration;
        foreach (var model in BestResults.Report.GetProperty("models").EnumerateArray())
        {
            model.GetProperty("temperature").GetDouble().ShouldBe(configuration.Temperature!.Value);
            model.GetProperty("classOffsets").EnumerateArray().Select(offset => offset.GetDouble()).ShouldBe(configuration.ClassOffsets!);
        }
    }

    [Fact]
    public void Given_TheDisturbances_When_Read_Then_TheInfectionDiceOfEachIsTheMeasuredOne()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Root, "docs", "results", "robustness.json")));
        var scores = document.RootElement.GetProperty("disturbances").EnumerateArray().Select(one => string.Create(
            CultureInfo.InvariantCulture,
            $"{one.GetProperty("disturbance").GetString()} {one.GetProperty("foreground").GetProperty("infection").GetProperty("dice").GetDouble():F2}"));
        Section("Other brightness, position, size, format").ShouldContain($"infection Dice: {string.Join(", ", scores)}.");
    }

    [Fact]
    public void Given_TheScoresBesidePublishedOnes_When_Read_Then_TheyAreThoseOfTheEvaluation()
    {
        var scores = BestResults.Report.GetProperty("findings").EnumerateArray().Take(3)
            .Select(finding => string.Create(CultureInfo.InvariantCulture, $"{Value(finding, "dice"):F2}; {Value(finding, "meanPerImage"):F2}"));
        Section("Published figures on this data set").ShouldContain($"| these models, 5 folds by group | {string.Join(" | ", scores)} |");
    }

    [Fact]
    public void Given_TheFilesOfTheWeights_When_CardAndLicenceAreRead_Then_BothNameAllOfThem()
    {
        var licence = File.ReadAllText(Path.Combine(Weights, "LICENSE"));
        var files = Directory.GetFiles(Weights).Select(file => Path.GetFileName(file)).Where(name => name != "LICENSE").ToList();
        files.ShouldBe([ModelFolder.ManifestName, ModelFolder.TrainedOnName, ModelFolder.WeightsName], ignoreOrder: true);
        foreach (var file in files)
        {
            licence.Split('\n')[0].ShouldContain(file);
            Page.Split("\n## ")[0].ShouldContain($"`{file}`");
        }
    }

    /// <summary>Offset and temperature were chosen by the first two folds; the others stand alone.</summary>
    [Fact]
    public void Given_TheFoldsThatChoseNothing_When_Read_Then_TheirDiceIsThatOfTheirSlices()
    {
        string Dice(params int[] classes) => string.Create(CultureInfo.InvariantCulture, $"{Of([3, 4, 5], classes):F3} ({Of([1, 2], classes):F3})");
        Section("Scores").ShouldContain($"infection {Dice(1, 2, 3)}, ground-glass opacity {Dice(1)}, consolidation {Dice(2)}.");
        Whole("README.md").ShouldContain(string.Create(CultureInfo.InvariantCulture, $"(infection Dice {Of([1, 2, 3, 4, 5], [1, 2, 3]):F2} in cross-validation by groups)"));

        static double Of(int[] folds, int[] classes)
        {
            var names = folds.SelectMany(BestResults.OfFold).Select(slice => slice.Name).ToHashSet(StringComparer.Ordinal);
            return ConfusionMatrix.Sum(BestResults.OfReport.Where(slice => names.Contains(slice.Name)).Select(slice => slice.Counts)).Dice(classes)!.Value;
        }
    }

    /// <summary>The folds' own counts are of logits as they are.</summary>
    [Fact]
    public void Given_LogitsAsTheyAre_When_EffusionIsRead_Then_TheCardSaysHowOftenItWasCalledWrongly()
    {
        const int effusion = 3, anAlarm = 100;
        var slices = Enumerable.Range(1, 5).SelectMany(BestResults.OfFold).Select(slice => slice.Counts).ToList();
        var without = slices.Where(counts => counts.Truth(effusion) == 0).ToList();
        var alarmed = without.Count(counts => counts.Predicted(effusion) > anAlarm);
        Section("Scores").ShouldContain(string.Create(
            CultureInfo.InvariantCulture, $"called effusion in {alarmed} of {without.Count} slices without one and found the real ones with a Dice of {ConfusionMatrix.Sum(slices).Dice(effusion):F3}"));
    }

    private static string Whole(params string[] path) => File.ReadAllText(Path.Combine([Repository.Root, .. path]));

    private static JsonElement Finding(string name) =>
        BestResults.Report.GetProperty("findings").EnumerateArray().Single(finding => finding.GetProperty("name").GetString() == name);

    private static double Value(JsonElement finding, string score) => finding.GetProperty(score).GetProperty("value").GetDouble();

    private static string Text(JsonElement score, string format)
    {
        string Number(JsonElement number) => number.GetDouble().ToString(format, CultureInfo.InvariantCulture);
        var interval = score.GetProperty("interval");
        return interval.ValueKind == JsonValueKind.Null ? Number(score.GetProperty("value")) : $"{Number(score.GetProperty("value"))} ({Number(interval.GetProperty("low"))} to {Number(interval.GetProperty("high"))})";
    }

    private static string Section(string title) => Page.Split("\n## ").Single(section => section.StartsWith(title + "\n", StringComparison.Ordinal));
}
