using System.Text.RegularExpressions;
using CtSeg.Contracts;
using CtSeg.Recovery;
using CtSeg.Testing;
using CtSeg.TrainingJob.Letters;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;

namespace CtSeg.TrainingJob.Tests.Letters;

/// <summary>docs/operations.md tells of every place, cause and alert that there is.</summary>
public sealed partial class OperationsPageTests
{
    private static readonly string Root = Repository.Root;
    private static readonly string Page = File.ReadAllText(Path.Combine(Root, "docs", "operations.md"));

    [Fact]
    public void Given_EveryPlaceThatIsLookedInto_When_ThePageIsRead_Then_ItIsThere()
    {
        var world = new LetterWorld();
        var box = new LetterBox(
            world.Consumer.Connect(), world.Bus.Connect(new Effects()), PoisonQueues.Open(_ => "UseDevelopmentStorage=true"), maxUploadBytes: 1, world.Consumer.Time);
        foreach (var place in box.Places.Select(place => Queues.All.Aggregate(place, (text, queue) => text.Replace($"{queue}/$", "{queue}/$", StringComparison.Ordinal))))
            Page.ShouldContain($"`{place}`", Case.Sensitive);
    }

    [Fact]
    public void Given_EveryCauseOfOurs_When_ThePageIsRead_Then_ItSaysWhatToDo()
    {
        var scans = Enum.GetValues<FailureReason>().Where(ScanReplays.IsReplayable).Select(reason => LetterCause.Of(reason.ToString()));
        string[] letters = ["MaxDeliveryCountExceeded", "TTLExpiredException", "unreadable-message", "status-unreadable", "poisoned PreprocessSlice", "poisoned AcceptCorrection", "too-large"];
        foreach (var cause in scans.Concat(letters.Select(LetterCause.Of)))
            CausePattern().Matches(Page).SelectMany(row => row.Groups["causes"].Value.Split(", ")).ShouldContain($"`{cause}`");
    }

    [Fact]
    public void Given_TheAlertsOfTheTemplate_When_ThePageIsRead_Then_EachHasAChapterAndNoOtherHas()
    {
        var template = Path.Combine(Root, "infra-bicep", "modules", "alerts.bicep");
        Assert.SkipUnless(File.Exists(template), "The template is not here.");
        string[] expected = ["budget", .. AlertPattern().Matches(File.ReadAllText(template)).Select(alert => alert.Groups["name"].Value)];
        expected.Length.ShouldBeGreaterThan(2);
        var alerts = Page[Page.IndexOf("\n## Alerts", StringComparison.Ordinal)..];
        ChapterPattern().Matches(alerts[..alerts.IndexOf("\n## ", 1, StringComparison.Ordinal)]).Select(chapter => chapter.Groups["name"].Value)
            .ShouldBe(expected, ignoreOrder: true);
    }

    [GeneratedRegex(@"^\| (?<causes>`[a-z-]+`(?:, `[a-z-]+`)*) \|", RegexOptions.Multiline, 1000)]
    private static partial Regex CausePattern();

    [GeneratedRegex(@"^    name: '(?<name>[a-z-]+)'$", RegexOptions.Multiline, 1000)]
    private static partial Regex AlertPattern();

    [GeneratedRegex(@"^### (?<name>.+)$", RegexOptions.Multiline, 1000)]
    private static partial Regex ChapterPattern();
}
