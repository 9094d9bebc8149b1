using System.Text.Json;
using System.Text.RegularExpressions;
using CtSeg.Testing;
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

    [GeneratedRegex("^Written by `(?<command>[^`]+)`", RegexOptions.Multiline, 1000)]
    private static partial Regex CommandPattern();
}
