using System.Text.RegularExpressions;
using System.Xml.Linq;
using CtSeg.Models;
using CtSeg.TrainingJob.Reports;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Tests.Reports;

public sealed partial class RetrainingReportTests
{
    [Fact]
    public void Given_AFullRun_When_Written_Then_ItIsWellFormedAndNeedsNothingFromOutside()
    {
        var html = RetrainingReport.Html(SampleReport.Full());

        // Every tag is closed: what is left after the tags that HTML leaves open must be XML.
        var body = XDocument.Parse(OpenTags().Replace(html["<!doctype html>".Length..], ""));
        html.ShouldNotContain("<script");
        html.ShouldNotContain("http://");
        html.ShouldNotContain("https://");
        body.Descendants().SelectMany(element => element.Attributes()).Where(attribute => attribute.Name.LocalName is "href" or "src")
            .ShouldAllBe(attribute => attribute.Value.StartsWith("data:image/png;base64,", StringComparison.Ordinal) || attribute.Value.StartsWith('#'));
        body.Descendants("section").Select(section => section.Element("h2")!.Value).ShouldBe(
            ["The run", "Champion and challenger on the locked set", "Training", "The challenger's worst 10 cases", "Data", "Shadow on live slices"]);
    }

    [Fact]
    public void Given_AFullRun_When_Written_Then_TheNumbersOfTheDecisionAreInTheTable()
    {
        var html = RetrainingReport.Html(SampleReport.Full());

        html.ShouldContain("Promoted: 2026.2-r20261124 serves in place of 2026.2.");
        var rows = TableRows(html);
        rows.ShouldContain(row => row.StartsWith("All lesions|8|0.731 [", StringComparison.Ordinal) && row.EndsWith("|+0.037|+0.021|0.000|✓ passes", StringComparison.Ordinal));
        rows.ShouldContain(row => row.StartsWith("Consolidation|6|0.581 [", StringComparison.Ordinal) && row.EndsWith("|−0.007|−0.026|−0.020|✗ fails", StringComparison.Ordinal));
        rows.ShouldContain(row => row.StartsWith("Pleural effusion|2|0.402", StringComparison.Ordinal) && row.EndsWith("|–|–|–|–|too few groups to decide", StringComparison.Ordinal));
        rows.ShouldContain("added|correction|6|3|6|3|2|3");
        rows.ShouldContain("another mask|correction|3|0|2|2|1|1");
        html.ShouldContain("are allowed, of a class too if either gives it on at least 10 slices.");
        rows.ShouldContain("Ground-glass opacity|41|120,334|131,002|109,211|23.2 %");
        html.ShouldContain("This is decision 4 on this evaluation set");
    }

    [Fact]
    public void Given_AChainOfPromotions_When_Written_Then_TheReportSaysWhatWasLostSinceItsStartOrWhyNobodyKnows()
    {
        var full = SampleReport.Full();
        var start = new ChainComparison(new ServedModel("2026.1", new string('c', 64)), 7, [new ChainClass("infection", 7, 0.7, 0.75, 0.05, true, true), new ChainClass("consolidation", 6, 0.6, 0.575, -0.025, true, false)]);
        Html(start).ShouldContain("Since 2026.1, the model that the promotions began from, on 7 groups: All lesions +0.050, Consolidation −0.025. In no class");
        Html(start with { Classes = [], Problem = "It is <gone>." }).ShouldContain("could not be compared with 2026.1, the model that the promotions began from: It is &lt;gone&gt;.");
        RetrainingReport.Html(full).ShouldNotContain("promotions began from");

        string Html(ChainComparison chain) => RetrainingReport.Html(full with { Decision = full.Decision! with { Start = chain } });
    }

    [Theory]
    [InlineData(TrainingRunState.Refused, "is not proven better. 2026.2 goes on serving.")]
    [InlineData(TrainingRunState.Skipped, "Skipped: nothing was trained. 2026.2 goes on serving.")]
    [InlineData(TrainingRunState.Cancelled, "Cancelled. 2026.2 goes on serving.")]
    [InlineData(TrainingRunState.Failed, "Failed. 2026.2 goes on serving.")]
    public void Given_ARunThatEndedOtherwise_When_Written_Then_OnlyWhatIsKnownIsShown(TrainingRunState state, string verdict)
    {
        var html = RetrainingReport.Html(new ReportContent(SampleReport.Run(state), SampleReport.Now));

        html.ShouldContain(verdict);
        SectionTitle().Matches(html).Select(match => match.Groups["title"].Value).ShouldBe(["The run"]);
        XDocument.Parse(OpenTags().Replace(html["<!doctype html>".Length..], ""));
    }

    [Fact]
    public void Given_TextThatIsMarkup_When_Written_Then_ItStaysText()
    {
        const string hostile = "<img src=x onerror=alert(1)>\"'&";
        var full = SampleReport.Full();
        var html = RetrainingReport.Html(full with
        {
            Run = full.Run with { Id = hostile, Reason = hostile, DataSet = hostile, EvaluationSet = hostile, Request = full.Run.Request with { By = hostile } },
            Challenger = full.Challenger! with { Version = hostile, WeightsLicence = hostile, ParentVersion = hostile },
            Champion = full.Champion! with { Version = hostile },
            Decision = full.Decision! with { Overall = full.Decision.Overall with { Name = hostile }, Classes = [full.Decision.Classes[0] with { Name = hostile }] },
            Data = full.Data! with { ChampionDataSet = hostile, Changes = [full.Data.Changes[0] with { Origin = hostile }] },
            Machines = [hostile],
        });

        html.ShouldNotContain("<img");
        html.ShouldContain("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;");
        XDocument.Parse(OpenTags().Replace(html["<!doctype html>".Length..], ""));
    }

    [Fact]
    public void Given_NumbersThatAreNone_When_Written_Then_TheCurvesHaveNoHoleInTheFile()
    {
        var full = SampleReport.Full();
        var html = RetrainingReport.Html(full with { Epochs = [full.Epochs[0] with { Loss = double.NaN }, full.Epochs[1] with { Loss = double.PositiveInfinity }] });

        html.ShouldNotContain("NaN");
        html.ShouldNotContain("Infinity");
    }

    [Fact]
    public void Given_AMask_When_LaidOverItsSlice_Then_TheInsideIsTintedAndTheBorderSolid()
    {
        ReportMask.Indices(SampleReport.Block(8, 2, 2, 4, 3)).Chunk(8).Select(row => string.Concat(row)).ShouldBe(
            ["00000000", "00000000", "00666600", "00633600", "00633600", "00666600", "00000000", "00000000"]);
    }

    [Fact]
    public void Given_ACase_When_Shown_Then_DiceIsThatOfAllLesionsAsOne()
    {
        // 144 pixels each side, of which the challenger's block shares 10 x 10: 2 x 100 / 288.
        var html = RetrainingReport.Html(SampleReport.Full([SampleReport.Case(0)]));

        html.ShouldContain("Champion: Dice 1.000");
        html.ShouldContain("Challenger: Dice 0.694");
        html.ShouldContain("worst case<");
    }

    [Theory]
    [InlineData(0, 1, "0.0 0.2 0.4 0.6 0.8 1.0")]
    [InlineData(-0.026, 0.047, "−0.04 −0.02 0.00 0.02 0.04 0.06")]
    [InlineData(0, 0.93, "0.0 0.2 0.4 0.6 0.8 1.0")]
    [InlineData(3, 3, "2.996 2.998 3.000 3.002 3.004")]
    public void Given_ARange_When_AnAxisCoversIt_Then_ItsTicksAreRound(double low, double high, string ticks)
    {
        var axis = ReportAxis.Covering(low, high);

        string.Join(' ', axis.Ticks.Select(axis.Label)).ShouldBe(ticks);
        (axis.ShareOf(axis.Low), axis.ShareOf(axis.High)).ShouldBe((0, 1));
    }

    private static List<string> TableRows(string html) =>
        [.. XDocument.Parse(OpenTags().Replace(html["<!doctype html>".Length..], "")).Descendants("tr")
            .Select(row => string.Join('|', row.Elements("td").Select(cell => cell.Value)))];

    [GeneratedRegex(@"<meta[^>]*>|<br>", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OpenTags();

    [GeneratedRegex(@"<h2>(?<title>[^<]*)</h2>", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SectionTitle();
}
