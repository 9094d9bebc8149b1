using CtSeg.Models;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Promotion;

namespace CtSeg.TrainingJob.Tests.Promotion;

public sealed class PromotionGateTests
{
    private static readonly ServedModel Champion = new("2026.2", new string('a', 64));
    private static readonly ServedModel Challenger = new("2026.3", new string('b', 64));
    private static readonly PromotionTerms Terms = new();
    private static readonly DateTime Now = new(2026, 11, 23, 15, 12, 5, DateTimeKind.Utc);

    [Theory]
    [Trait("Category", "Slow")]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Given_AClassExactlyAtTheMargin_When_DecidedTwoThousandTimes_Then_FewArePromoted(int atTheMargin)
    {
        double[] gains = [0.1, 0.1, 0.1];
        gains[atTheMargin] = -Terms.Margin;
        var simulation = new GateSimulation(gains);
        simulation.TrueGains.Zip(gains).ShouldAllBe(pair => Math.Abs(pair.First - pair.Second) < 1e-4);
        var promoted = simulation.Promoted(decisions: 2000, groups: 40, Terms);
        TestContext.Current.TestOutputHelper?.WriteLine($"{promoted:P2}");
        promoted.ShouldBeLessThanOrEqualTo(0.065);
        // A gate that promotes nobody would pass as well.
        promoted.ShouldBeGreaterThan(0.01);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Given_AGainInAllClasses_When_DecidedTwoThousandTimes_Then_MostArePromoted()
    {
        var promoted = new GateSimulation([0.05, 0.05, 0.05]).Promoted(decisions: 2000, groups: 40, Terms);
        TestContext.Current.TestOutputHelper?.WriteLine($"{promoted:P2}");
        promoted.ShouldBeGreaterThanOrEqualTo(0.80);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Given_NetworksTrainedApart_When_DecidedTwoThousandTimes_Then_FewAtTheMarginAndFewerOfTheBetterArePromoted()
    {
        new GateSimulation([0.1, -Terms.Margin, 0.1], deviation: 0.11).Promoted(decisions: 2000, groups: 40, Terms).ShouldBeLessThanOrEqualTo(0.065);
        var better = new GateSimulation([0.05, 0.05, 0.05], deviation: 0.11).Promoted(decisions: 2000, groups: 40, Terms);
        TestContext.Current.TestOutputHelper?.WriteLine($"{better:P2}");
        better.ShouldBeInRange(0.2, 0.6);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Given_NoTrueGain_When_DecidedTwoThousandTimes_Then_FewArePromoted() =>
        new GateSimulation([0, 0, 0]).Promoted(decisions: 2000, groups: 40, Terms).ShouldBeLessThanOrEqualTo(0.065);

    [Fact]
    public void Given_EqualModels_When_Decided_Then_RefusedThoughNoClassIsWorse()
    {
        var decision = Decide(Groups(20, group => Matrix(600 + (10 * group)), group => Matrix(600 + (10 * group))));
        decision.Promote.ShouldBeFalse();
        decision.Classes.ShouldAllBe(one => one.Decides && one.Passes && one.Gain == 0 && one.GainAtLeast == 0);
        (decision.Overall.Passes, decision.Overall.Gain).ShouldBe((false, 0));
        decision.Reason.ShouldContain("not proven better");
    }

    [Fact]
    public void Given_ABetterModel_When_Decided_Then_PromotedWithTheNumbers()
    {
        var decision = Decide(Groups(20, group => Matrix(600 + (10 * group)), group => Matrix(680 + (11 * group))));
        decision.Promote.ShouldBeTrue(decision.Reason);
        (decision.Champion, decision.Challenger, decision.Groups, decision.Slices, decision.EvaluationSet, decision.Time).ShouldBe((Champion, Challenger, 20, 20, "set", Now));
        decision.Classes.Select(one => one.Name).ShouldBe(["ground-glass-opacity", "consolidation", "pleural-effusion"]);
        // By hand: 20 groups of 1000 true and 1000 marked pixels; of these 695 are shared on average, then 784.5.
        decision.Overall.ChampionDice!.Value.ShouldBe(0.695, 1e-12);
        decision.Overall.ChallengerDice!.Value.ShouldBe(0.7845, 1e-12);
        decision.Overall.Gain!.Value.ShouldBe(0.0895, 1e-12);
        decision.Overall.GainAtLeast!.Value.ShouldBeInRange(0.08, 0.0895);
        decision.Reason.ShouldContain("+0.090, and at least +0.0");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Given_AModelWorseInOneClassOnly_When_Decided_Then_RefusedForThatClass(int worse)
    {
        var decision = Decide(Groups(20, group => Matrix(600 + (10 * group)), group => Matrix(900, (worse, 500))));
        decision.Promote.ShouldBeFalse();
        decision.Overall.Passes.ShouldBeTrue();
        decision.Classes.Select(one => one.Passes).ShouldBe(Enumerable.Range(1, 3).Select(label => label != worse));
        decision.Reason.ShouldStartWith(decision.Classes[worse - 1].Name);
    }

    [Fact]
    public void Given_AClassInTooFewGroups_When_ItGetsWorse_Then_ReportedAndNotDecisive()
    {
        var decision = Decide(Groups(20, group => Matrix(600, (3, group < 4 ? 900 : null)), group => Matrix(800, (3, group < 4 ? 100 : null))));
        decision.Promote.ShouldBeTrue(decision.Reason);
        var rare = decision.Classes[2];
        (rare.GroupsWithClass, rare.Decides, rare.Passes).ShouldBe((4, false, false));
        rare.Gain!.Value.ShouldBe(-0.8, 1e-12);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    public void Given_TooFewGroups_When_Decided_Then_RefusedWithThatReason(int groups)
    {
        var decision = Decide(Groups(groups, _ => Matrix(100), _ => Matrix(900)));
        decision.Promote.ShouldBeFalse();
        decision.Reason.ShouldContain("prove nothing");
        decision.Groups.ShouldBe(groups);
    }

    [Fact]
    public void Given_AClassThatNobodyHasOrSees_When_Decided_Then_UndefinedAndNotOne()
    {
        var decision = Decide(Groups(20, _ => Matrix(600, (3, null)), _ => Matrix(800, (3, null))));
        var absent = decision.Classes[2];
        (absent.ChampionDice, absent.ChallengerDice, absent.Gain, absent.GainAtLeast, absent.Decides).ShouldBe((null, null, null, null, false));
        decision.Promote.ShouldBeTrue(decision.Reason);
    }

    [Fact]
    public void Given_OneLargeGroupAmongSmallOnes_When_Decided_Then_ItAloneProvesNothing()
    {
        // Nine groups say little beside one of a thousand times their size, in which the challenger is far better.
        var decision = Decide(Groups(10, group => Matrix(600, scale: group == 0 ? 1000 : 1), group => Matrix(group == 0 ? 950 : 560, scale: group == 0 ? 1000 : 1)));
        decision.Overall.Gain!.Value.ShouldBeGreaterThan(0.3);
        decision.Promote.ShouldBeFalse();
    }

    [Fact]
    public void Given_TheSameGroupsInAnotherOrder_When_Decided_Then_TheSameDecision()
    {
        var groups = Groups(20, group => Matrix(600 + (10 * group)), group => Matrix(610 + (11 * group)));
        Decide([.. groups.Reverse()]).Overall.ShouldBe(Decide(groups).Overall);
    }

    [Fact]
    public void Given_AStricterLevel_When_Decided_Then_TheLowerEndIsLower()
    {
        var groups = Groups(20, group => Matrix(600 + (10 * group)), group => Matrix(660 + (13 * (group % 7))));
        double[] ends = [.. new[] { 0.5, 0.8, 0.95, 0.99, 0.999 }.Select(level => Decide(groups, Terms with { Level = level }).Overall.GainAtLeast!.Value)];
        ends.ShouldBeInOrder(SortDirection.Descending);
        ends.Distinct().Count().ShouldBe(5);
    }

    [Fact]
    public void Given_AShadow_When_ItFailedOrDisagreed_Then_Refused()
    {
        var groups = Groups(20, group => Matrix(600 + (10 * group)), group => Matrix(680 + (11 * group)));
        var limits = new ShadowTerms(MaxDisagreement: 0.3);
        Shadowed(new ShadowSummary(50, 0, 0.3, [])).Promote.ShouldBeTrue();
        Shadowed(new ShadowSummary(50, 0, 0.31, [])).Reason.ShouldBe("In shadow it disagreed about 31 % of the lesion pixels, where 30 % are allowed.");
        var failed = Shadowed(new ShadowSummary(49, 1, 0, []));
        (failed.Promote, failed.Reason).ShouldBe((false, "In shadow the challenger failed on 1 of 50 slices."));
        failed.Shadow.ShouldNotBeNull().Failed.ShouldBe(1);

        PromotionDecision Shadowed(ShadowSummary seen) => PromotionGate.Decide(Terms, Of(groups), (limits, seen), Now);
    }

    [Theory]
    [InlineData(0, null, false)]
    [InlineData(9, null, false)]
    [InlineData(10, null, true)]
    [InlineData(1, 1, true)]
    [InlineData(49, 50, false)]
    public void Given_AShadow_When_ItSawTooFewSlices_Then_Refused(int slices, int? min, bool promotes)
    {
        var groups = Groups(20, group => Matrix(600 + (10 * group)), group => Matrix(680 + (11 * group)));
        var decision = PromotionGate.Decide(Terms, Of(groups), (new ShadowTerms(Slices: 50, Hours: 12) { MinSlices = min }, new ShadowSummary(slices, 0, null, [])), Now);
        decision.Promote.ShouldBe(promotes);
        if (!promotes)
            decision.Reason.ShouldBe($"In shadow it saw only {slices} slices in 12 hours, where {min ?? 10} are needed.");
    }

    [Theory]
    [InlineData(10, 31, false)]
    [InlineData(10, 30, true)]
    [InlineData(9, 90, true)]
    public void Given_AShadow_When_ItDisagreedAboutOneClass_Then_RefusedIfEnoughSlicesShowIt(int slices, int apart, bool promotes)
    {
        var groups = Groups(20, group => Matrix(600 + (10 * group)), group => Matrix(680 + (11 * group)));
        ClassDisagreement[] classes =
        [
            new("ground-glass-opacity", 900, 900, 900) { SlicesWithClass = 50 },
            new("consolidation", 100, 100 - apart, 100 - apart) { SlicesWithClass = slices },
        ];
        var decision = PromotionGate.Decide(Terms, Of(groups), (new ShadowTerms(MaxDisagreement: 0.3), new ShadowSummary(50, 0, 0.1, classes)), Now);
        decision.Promote.ShouldBe(promotes, decision.Reason);
        if (!promotes)
            decision.Reason.ShouldBe($"In shadow it disagreed about {apart} % of the pixels of consolidation, where 30 % are allowed.");
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 1)]
    [InlineData(6, 2)]
    [InlineData(50, 10)]
    public void Given_TermsWithoutAMinimum_When_Asked_Then_AFifthOfTheSlicesIsNeeded(int slices, int needed) =>
        new ShadowTerms(Slices: slices).NeededSlices().ShouldBe(needed);

    [Fact]
    public void Given_TermsOrGroupsThatMakeNoSense_When_Decided_Then_Refused()
    {
        var groups = Groups(6, _ => Matrix(600), _ => Matrix(700));
        foreach (var terms in new[] { Terms with { Margin = -0.1 }, Terms with { Margin = double.NaN }, Terms with { Level = 1 }, Terms with { Level = 0.4 }, Terms with { MinGroups = 1 } })
            Should.Throw<InvalidDataException>(() => Decide(groups, terms));
        Should.Throw<ArgumentException>(() => Decide([.. groups, groups[0]])).Message.ShouldContain("twice");
        Should.Throw<ArgumentException>(() => Decide([groups[0] with { Challenger = Matrix(600, scale: 2) }])).Message.ShouldContain("truth");
    }

    private static PromotionDecision Decide(IReadOnlyList<ComparedGroup> groups, PromotionTerms? terms = null) => PromotionGate.Decide(terms ?? Terms, Of(groups), null, Now);

    private static ComparedModels Of(IReadOnlyList<ComparedGroup> groups) => new(Champion, Challenger, "set", groups.Count, groups);

    private static IReadOnlyList<ComparedGroup> Groups(int count, Func<int, ConfusionMatrix> champion, Func<int, ConfusionMatrix> challenger) =>
        [.. Enumerable.Range(0, count).Select(group => new ComparedGroup($"g{group:00}", champion(group), challenger(group)))];

    /// <summary>Of every class 1000 true and 1000 marked pixels, <paramref name="both"/> of them shared; the exception's class shares others, or is absent.</summary>
    private static ConfusionMatrix Matrix(int both, (int Label, int? Both) exception = default, int scale = 1)
    {
        var counts = new long[16];
        for (var label = 1; label <= 3; label++)
        {
            if ((label == exception.Label ? exception.Both : both) is not { } shared)
                continue;
            counts[(4 * label) + label] = shared * scale;
            counts[4 * label] = counts[label] = (1000 - shared) * scale;
        }
        counts[0] = (100_000 * scale) - counts[1] - counts[2] - counts[3];
        return ConfusionMatrix.FromCounts(counts);
    }
}
