using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.Segmentation;
using CtSeg.TrainingRuns;

namespace CtSeg.Shared.Tests.TrainingRuns;

public sealed class ShadowSummariesTests
{
    [Fact]
    public void Given_TwoMasks_When_Compared_Then_EachClassAndAllAsOneAreCounted()
    {
        // Champion 1 1 2 0 3 0, challenger 1 2 2 1 0 0.
        var (classes, overall) = ShadowSummaries.Compare(Mask(1, 1, 2, 0, 3, 0), Mask(1, 2, 2, 1, 0, 0));

        classes.ShouldBe(
        [
            new ClassDisagreement("ground-glass-opacity", 2, 2, 1),
            new ClassDisagreement("consolidation", 1, 2, 1),
            new ClassDisagreement("pleural-effusion", 1, 0, 0),
        ]);
        overall.ShouldBe(new ClassDisagreement("infection", 4, 4, 3));
        // 5 pixels are marked by any, 2 by only one.
        overall.Share.ShouldBe(0.4);
    }

    [Fact]
    public void Given_MasksOfTwoSizes_When_Compared_Then_Refused() =>
        Should.Throw<ArgumentException>(() => ShadowSummaries.Compare(Mask(1, 1), Mask(1, 1, 1)));

    [Fact]
    public void Given_ResultsAndFailures_When_Summed_Then_PixelsAreSummedAndFailuresCounted()
    {
        var summary = ShadowSummaries.Sum([Result(Mask(1, 1, 0, 0), Mask(1, 0, 0, 0)), Result(Mask(2, 0, 0, 0), Mask(1, 1, 1, 0)), Failed(), Result(Mask(0, 0), Mask(0, 0))]);

        (summary.Slices, summary.Failed).ShouldBe((3, 1));
        // Of 2 + 3 pixels marked by any, 1 + 2 by only one.
        summary.Disagreement.ShouldBe(0.6);
        summary.Classes.ShouldBe(
        [
            new ClassDisagreement("ground-glass-opacity", 2, 4, 1) { SlicesWithClass = 2 },
            new ClassDisagreement("consolidation", 1, 0, 0) { SlicesWithClass = 1 },
            new ClassDisagreement("pleural-effusion", 0, 0, 0) { SlicesWithClass = 0 },
        ]);
    }

    [Fact]
    public void Given_NothingMarked_When_Summed_Then_TheDisagreementIsNotDefined()
    {
        ShadowSummaries.Sum([Result(Mask(0, 0), Mask(0, 0))]).Disagreement.ShouldBeNull();
        ShadowSummaries.Sum([]).ShouldSatisfyAllConditions(summary => summary.Slices.ShouldBe(0), summary => summary.Classes.Count.ShouldBe(3));
    }

    internal static ShadowResult Result(LesionMask champion, LesionMask challenger)
    {
        var (classes, overall) = ShadowSummaries.Compare(champion, challenger);
        return Failed() with { Failure = null, Classes = classes, Overall = overall, InferenceMs = 1 };
    }

    internal static ShadowResult Failed() => new(
        ScanId.Parse("0011223344556677"), "20261123-151205-a1b2c3", new ModelReference("a", new string('a', 64)), new ModelReference("b", new string('b', 64)), [],
        new DateTime(2026, 11, 23, 15, 12, 5, DateTimeKind.Utc)) { Failure = "The challenger failed." };

    internal static LesionMask Mask(params byte[] labels) => new(labels.Length, 1, labels);
}
