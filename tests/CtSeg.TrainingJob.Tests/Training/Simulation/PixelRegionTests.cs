using CsCheck;
using CtSeg.TrainingJob.Training.Simulation;

namespace CtSeg.TrainingJob.Tests.Training.Simulation;

public sealed class PixelRegionTests
{
    // Regions by the smallest number that spreads from neighbour to neighbour until nothing changes.
    [Fact]
    public void Given_AnyPicture_When_Divided_Then_PixelsShareARegionExactlyWhereNeighboursLeadFromOneToTheOther() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 9], Gen.Bool.Array[81]).Sample((width, height, drawn) =>
        {
            var inside = drawn[..(width * height)];
            var labels = Enumerable.Range(0, inside.Length).ToArray();
            for (var changed = true; changed;)
            {
                changed = false;
                for (var pixel = 0; pixel < labels.Length; pixel++)
                {
                    foreach (var near in Neighbours(pixel, width, height).Where(near => inside[pixel] && inside[near] && labels[near] < labels[pixel]))
                        (labels[pixel], changed) = (labels[near], true);
                }
            }
            var expected = Enumerable.Range(0, inside.Length).Where(pixel => inside[pixel]).GroupBy(pixel => labels[pixel]).OrderBy(region => region.Key).ToList();
            var regions = PixelRegion.AllOf(inside, width);
            regions.Select(region => string.Join(' ', region.Pixels.Order())).ShouldBe(expected.Select(region => string.Join(' ', region)));
            regions.ShouldAllBe(region => region.Pixels[0] == region.Pixels.Min());
            regions.Select(region => region.TouchesBorder).ShouldBe(expected.Select(region => region.Any(pixel => Neighbours(pixel, width, height).Count() < 4)));
        }, iter: 500);

    private static IEnumerable<int> Neighbours(int pixel, int width, int height) =>
        from step in new (int Row, int Column)[] { (-1, 0), (0, -1), (0, 1), (1, 0) }
        let row = (pixel / width) + step.Row
        let column = (pixel % width) + step.Column
        where row >= 0 && row < height && column >= 0 && column < width
        select (row * width) + column;
}
