using CtSeg.Local.Scaling;

namespace CtSeg.Local.Tests.Scaling;

public sealed class ArrivalPatternTests
{
    [Fact]
    public void Given_AThousandHospitals_When_Drawn_Then_StudiesSizesAndHoursAreAsTheirMeansSay()
    {
        var slices = new ArrivalPattern(1000).Draw(1);

        // 13.5 studies of 60 slices for each; the draws scatter by 0.3 %.
        slices.Length.ShouldBeInRange(800_000, 820_000);
        slices.ShouldBeInOrder(SortDirection.Ascending, Comparer<SliceArrival>.Create((one, other) => one.At.CompareTo(other.At)));
        // A study may run a few seconds over the hour.
        slices.Where(slice => slice.Kind == StudyKind.Routine).ShouldAllBe(slice => slice.At >= 7 * 3600 && slice.At < 19 * 3600 + 16);
        slices.Where(slice => slice.Kind == StudyKind.Emergency).ShouldAllBe(slice => slice.At < 7 * 3600 + 16 || slice.At >= 19 * 3600);
        slices.Count(slice => slice.Kind == StudyKind.Emergency).ShouldBeInRange(85_000, 95_000);
    }

    [Fact]
    public void Given_MoreHospitals_When_Drawn_Then_TheOthersDoWhatTheyDid()
    {
        var few = new ArrivalPattern(3).Draw(9);
        var many = new ArrivalPattern(10).Draw(9);

        few.Except(many).ShouldBeEmpty();
        many.Length.ShouldBeGreaterThan(few.Length);
    }

    [Fact]
    public void Given_ABacklog_When_Drawn_Then_ItComesFromTenOClockAtItsRate()
    {
        var backlog = (new ArrivalPattern(1) { Backlog = 1000 }).Draw(1).Where(slice => slice.Kind == StudyKind.Backlog).ToList();

        backlog.Count.ShouldBe(1000);
        (backlog[0].At, backlog[^1].At).ShouldBe((36_000, 36_000 + 999 / 50.0));
    }
}
