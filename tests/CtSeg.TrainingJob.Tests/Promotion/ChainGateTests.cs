using CtSeg.Models;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Promotion;

namespace CtSeg.TrainingJob.Tests.Promotion;

/// <summary>Many promotions, each of which may cost a class a little.</summary>
public sealed class ChainGateTests
{
    private static readonly PromotionTerms Terms = new();
    private static readonly ChainStart Start = new(new ServedModel("2026.1", new string('c', 64)), Problem: null);

    [Fact]
    [Trait("Category", "Slow")]
    public void Given_PromotionsThatTookALittleEach_When_TheNextTakesMore_Then_ItIsAlmostNeverPromoted()
    {
        // Consolidation has lost 0.06 since the start, and loses another 0.01: within the margin of a single promotion, and all else gets better.
        double[] gains = [0.1, -0.01, 0.1];
        var alone = new GateSimulation(gains).Promoted(decisions: 500, groups: 40, Terms);
        var chained = new GateSimulation(gains, before: [0.1, -0.06, 0.1]).Promoted(decisions: 500, groups: 40, Terms);
        TestContext.Current.TestOutputHelper?.WriteLine($"{alone:P2}, of a chain {chained:P2}");
        alone.ShouldBeGreaterThan(0.1);
        chained.ShouldBeLessThan(0.01);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.05)]
    public void Given_AGainInAllClasses_When_PromotionsBeforeTookNothing_Then_MostArePromotedStill(double before)
    {
        var promoted = new GateSimulation([0.05, 0.05, 0.05], before: [before, before, before]).Promoted(decisions: 200, groups: 40, Terms);
        TestContext.Current.TestOutputHelper?.WriteLine($"{promoted:P2}");
        promoted.ShouldBeGreaterThanOrEqualTo(0.80);
    }

    [Theory]
    [InlineData(719, true)]
    [InlineData(721, false)]
    public void Given_ABetterChallenger_When_AClassLiesBelowTheStart_Then_TheMarginDecides(int ofStart, bool promotes)
    {
        // Of 1000 true and 1000 marked pixels 700 are shared by the challenger: Dice 0.7, where the start had 0.719 or 0.721.
        var decision = Decide(Groups(20, _ => Matrix(600), _ => Matrix(700), _ => Matrix(650, consolidation: ofStart)));
        decision.Promote.ShouldBe(promotes, decision.Reason);
        var chain = decision.Start.ShouldNotBeNull();
        (chain.Model, chain.Groups, chain.Problem).ShouldBe((Start.Model, 20, null));
        chain.Classes.Select(one => one.Name).ShouldBe(["infection", "ground-glass-opacity", "consolidation", "pleural-effusion"]);
        chain.Classes.Select(one => one.Passes).ShouldBe([true, true, promotes, true]);
        chain.Classes[2].Gain!.Value.ShouldBe((700 - ofStart) / 1000.0, 1e-12);
        if (!promotes)
            decision.Reason.ShouldBe("consolidation has lost 0.021 Dice since 2026.1, the model that the promotions began from, where 0.02 may be lost in all.");
    }

    [Fact]
    public void Given_GroupsThatTheStartHasLearntFrom_When_Decided_Then_OnlyTheOthersCountAndTooFewDecideNothing()
    {
        var some = Decide(Groups(20, _ => Matrix(600), _ => Matrix(700), group => group < 6 ? Matrix(900) : null));
        (some.Promote, some.Start!.Groups).ShouldBe((false, 6));
        var few = Decide(Groups(20, _ => Matrix(600), _ => Matrix(700), group => group < 4 ? Matrix(900) : null));
        (few.Promote, few.Start!.Groups, few.Start.Classes.Any(one => one.Decides)).ShouldBe((true, 4, false));
        few.Start.Classes[0].Gain!.Value.ShouldBe(-0.2, 1e-12);
        var none = Decide(Groups(20, _ => Matrix(600), _ => Matrix(700), _ => null));
        (none.Promote, none.Start!.Groups, none.Start.Classes.Count).ShouldBe((true, 0, 0));
        none.Start.Problem.ShouldNotBeNull().ShouldContain("has learnt from all of these groups");
    }

    [Fact]
    public void Given_AStartThatCannotBeCompared_When_Decided_Then_ItIsToldAndDecidesNothing()
    {
        var decision = Decide(Groups(20, _ => Matrix(600), _ => Matrix(700), _ => null), Start with { Problem = "It is gone." });
        (decision.Promote, decision.Start!.Problem).ShouldBe((true, "It is gone."));
        var without = PromotionGate.Decide(Terms, Of(Groups(20, _ => Matrix(600), _ => Matrix(700), _ => null)), null, default);
        (without.Promote, without.Start).ShouldBe((true, null));
    }

    [Fact]
    public void Given_AStartWithAnotherTruth_When_Decided_Then_Refused() =>
        Should.Throw<ArgumentException>(() => Decide(Groups(6, _ => Matrix(600), _ => Matrix(700), _ => ConfusionMatrix.FromCounts(new long[16])))).Message.ShouldContain("truth");

    private static PromotionDecision Decide(IReadOnlyList<ComparedGroup> groups, ChainStart? start = null) =>
        PromotionGate.Decide(Terms, Of(groups) with { Start = start ?? Start }, null, default);

    private static ComparedModels Of(IReadOnlyList<ComparedGroup> groups) =>
        new(new ServedModel("2026.2", new string('a', 64)), new ServedModel("2026.3", new string('b', 64)), "set", groups.Count, groups);

    private static IReadOnlyList<ComparedGroup> Groups(int count, Func<int, ConfusionMatrix> champion, Func<int, ConfusionMatrix> challenger, Func<int, ConfusionMatrix?> start) =>
        [.. Enumerable.Range(0, count).Select(group => new ComparedGroup($"g{group:00}", champion(group), challenger(group)) { Start = start(group) })];

    /// <summary>Of every class 1000 true and 1000 marked pixels, so many of them shared.</summary>
    private static ConfusionMatrix Matrix(int both, int? consolidation = null)
    {
        var counts = new long[16];
        for (var label = 1; label <= 3; label++)
        {
            var shared = label == 2 ? consolidation ?? both : both;
            counts[(4 * label) + label] = shared;
            counts[4 * label] = counts[label] = 1000 - shared;
        }
        counts[0] = 100_000 - counts[1] - counts[2] - counts[3];
        return ConfusionMatrix.FromCounts(counts);
    }
}
