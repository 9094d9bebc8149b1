using CsCheck;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Evaluation;

namespace CtSeg.TrainingJob.Tests.Evaluation;

public sealed class HausdorffDistanceTests
{
    [Fact]
    public void Given_TwoPixelsApart_When_Measured_Then_TheDistanceIsThatOfTheirCentres()
    {
        var (truth, prediction) = (Single(2, 1), Single(6, 4));
        HausdorffDistance.Percentile95(truth, prediction, 1).ShouldBe(5);
        HausdorffDistance.Percentile95(truth, truth, 1).ShouldBe(0);
    }

    [Fact]
    public void Given_AClassOnOneSideOnly_When_Measured_Then_ThereIsNoDistance() =>
        HausdorffDistance.Percentile95(Single(1, 1), new LesionMask(9, 9, new byte[81]), 1).ShouldBeNull();

    // Twenty-one pixels in a row against one below its first: 1 and sqrt(1 + k^2), of which the 95th percentile is that of k = 19.
    [Fact]
    public void Given_ARowAndAPixel_When_Measured_Then_TheFarthestTwentiethIsLeftOut()
    {
        var (row, pixel) = (new byte[21 * 2], new byte[21 * 2]);
        row.AsSpan(0, 21).Fill(1);
        pixel[21] = 1;
        HausdorffDistance.Percentile95(new LesionMask(21, 2, row), new LesionMask(21, 2, pixel), 1)!.Value.ShouldBe(Math.Sqrt(1 + (19 * 19)), 1e-12);
    }

    [Fact]
    public void Given_RandomMasks_When_Measured_Then_TheDistanceEqualsThatOverAllPairs() =>
        Gen.Select(Gen.Int[1, 12], Gen.Int[1, 12], Gen.Int[0, 9], Gen.Int[0, 1_000_000]).Sample((width, height, density, seed) =>
        {
            var random = new Random(seed);
            LesionMask Draw() => new(width, height, [.. Enumerable.Range(0, width * height).Select(_ => (byte)(random.Next(10) < density ? random.Next(1, 3) : 0))]);
            var (one, other) = (Draw(), Draw());
            var (a, b) = (Outline(one), Outline(other));
            var measured = HausdorffDistance.Percentile95(one, other, 1, 2);
            if (a.Count == 0 || b.Count == 0)
                measured.ShouldBeNull();
            else
                measured!.Value.ShouldBe(Math.Max(Directed(a, b), Directed(b, a)), 1e-9);
        }, iter: 500, threads: 1);

    [Fact]
    public void Given_MasksOfTwoSizes_When_Measured_Then_ItIsRefused() =>
        Should.Throw<ArgumentException>(() => HausdorffDistance.Percentile95(Single(1, 1), new LesionMask(1, 1, [1]), 1));

    private static double Directed(List<(int X, int Y)> from, List<(int X, int Y)> to)
    {
        var distances = from.Select(p => to.Min(q => Math.Sqrt(((p.X - q.X) * (p.X - q.X)) + ((p.Y - q.Y) * (p.Y - q.Y))))).Order().ToList();
        var at = 0.95 * (distances.Count - 1);
        var (below, above) = ((int)Math.Floor(at), (int)Math.Ceiling(at));
        return distances[below] + ((at - below) * (distances[above] - distances[below]));
    }

    private static List<(int X, int Y)> Outline(LesionMask mask)
    {
        bool Inside(int x, int y) => x >= 0 && y >= 0 && x < mask.Width && y < mask.Height && mask.Labels[(y * mask.Width) + x] > 0;
        return [.. from y in Enumerable.Range(0, mask.Height)
                   from x in Enumerable.Range(0, mask.Width)
                   where Inside(x, y) && !(Inside(x - 1, y) && Inside(x + 1, y) && Inside(x, y - 1) && Inside(x, y + 1))
                   select (x, y)];
    }

    private static LesionMask Single(int column, int row)
    {
        var labels = new byte[81];
        labels[(row * 9) + column] = 1;
        return new LesionMask(9, 9, labels);
    }
}
