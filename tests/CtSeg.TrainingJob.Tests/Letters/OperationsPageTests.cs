using System.Globalization;
using System.Text.RegularExpressions;
using CtSeg.Contracts;
using CtSeg.Recovery;
using CtSeg.TrainingJob.Letters;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;

namespace CtSeg.TrainingJob.Tests.Letters;

/// <summary>docs/operations.md tells of every place, cause, alert and event that there is.</summary>
public sealed partial class OperationsPageTests
{
    private static readonly string Root = FindRoot();
    private static readonly string Page = File.ReadAllText(Path.Combine(Root, "docs", "operations.md"));

    [Fact]
    public void Given_EveryPlaceThatIsLookedInto_When_ThePageIsRead_Then_ItIsThere()
    {
        var world = new LetterWorld();
        var box = new LetterBox(
            world.Consumer.Connect(), world.Bus.Connect(new Effects()), PoisonQueues.Open(_ => "UseDevelopmentStorage=true"), world.Consumer.Time);
        foreach (var place in box.Places.Select(place => Queues.All.Aggregate(place, (text, queue) => text.Replace($"{queue}/$", "{queue}/$", StringComparison.Ordinal))))
            Page.ShouldContain($"`{place}`", Case.Sensitive);
    }

    [Fact]
    public void Given_EveryCauseOfOurs_When_ThePageIsRead_Then_ItSaysWhatToDo()
    {
        var scans = Enum.GetValues<FailureReason>().Where(ScanReplays.IsReplayable).Select(reason => LetterCause.Of(reason.ToString()));
        string[] letters = ["MaxDeliveryCountExceeded", "TTLExpiredException", "unreadable-message", "status-unreadable", "poisoned PreprocessSlice", "poisoned AcceptCorrection"];
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

    [Fact]
    public void Given_AnEventOfAFunctionThatThePageNames_When_TheCodeIsRead_Then_ItIsLoggedThere()
    {
        var code = string.Concat(Directory.EnumerateFiles(Path.Combine(Root, "functions"), "*Trigger.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        var numbers = EventPattern().Matches(Page).SelectMany(row => row.Groups["events"].Value.Split(", ")).ToList();
        numbers.Count.ShouldBeGreaterThan(5);
        foreach (var number in numbers.Select(text => int.Parse(text, CultureInfo.InvariantCulture)))
            code.ShouldContain($"[LoggerMessage({number}, ");
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Serverless.sln")))
            folder = folder.Parent;
        return folder.ShouldNotBeNull("The tests run outside the repository.").FullName;
    }

    [GeneratedRegex(@"^\| (?<causes>`[a-z-]+`(?:, `[a-z-]+`)*) \|", RegexOptions.Multiline, 1000)]
    private static partial Regex CausePattern();

    [GeneratedRegex(@"^    name: '(?<name>[a-z-]+)'$", RegexOptions.Multiline, 1000)]
    private static partial Regex AlertPattern();

    [GeneratedRegex(@"^### (?<name>.+)$", RegexOptions.Multiline, 1000)]
    private static partial Regex ChapterPattern();

    [GeneratedRegex(@"^\| (?<events>\d{3}(?:, \d{3})*) \|", RegexOptions.Multiline, 1000)]
    private static partial Regex EventPattern();
}
