using System.Text.Json;
using System.Text.RegularExpressions;
using CtSeg.Testing;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Robustness;

namespace CtSeg.TrainingJob.Tests.Robustness;

public sealed partial class RobustnessReportTests
{
    [Fact]
    public void Given_TheCommittedFigures_When_WrittenAgain_Then_TheyAreTheCommittedPage()
    {
        var folder = Path.Combine(Repository.Root, "docs", "results");
        var report = JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(folder, "robustness.json")), RobustnessJson.Default.RobustnessReport).ShouldNotBeNull();
        var page = File.ReadAllText(Path.Combine(folder, "robustness.md"));
        report.ToMarkdown(CommandPattern().Match(page).Groups["command"].Value).ShouldBe(page);
    }

    [Fact]
    public void Given_ModelsWithOffsets_When_Written_Then_ThePageSaysSoOnce()
    {
        var judged = new ScoredModel("1", "a") { ClassOffsets = [0, 0, 0.5, 1], Temperature = 2 };
        var page = new RobustnessReport([judged, judged with { Version = "2" }], "data", 1, 1, SlicesOfTraining: 0, []).ToMarkdown("x");
        page.Split('\n').Count(line => line == "How the masks were made from the networks' logits: offsets 0 0 0.5 1, temperature 2.").ShouldBe(1);
        new RobustnessReport([new ScoredModel("1", "a")], "data", 1, 1, SlicesOfTraining: 0, []).ToMarkdown("x").ShouldNotContain("logits");
    }

    [GeneratedRegex("^Written by `(?<command>[^`]+)`", RegexOptions.Multiline, 1000)]
    private static partial Regex CommandPattern();
}
