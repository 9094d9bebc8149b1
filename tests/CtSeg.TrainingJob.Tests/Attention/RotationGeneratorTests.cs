using CtSeg.TrainingJob.Attention;

namespace CtSeg.TrainingJob.Tests.Attention;

public sealed class RotationGeneratorTests
{
    // From an implementation in Python: a model sees other buckets when they change, so that its scores must be computed again.
    [Theory]
    [InlineData(1, 1, 0, 0, 0, new[] { -0.24794430983716553, -1.812651472351032, 1.0232633578157817, -0.39471762513566194 })]
    [InlineData(7, 3, 1, 2, 5, new[] { 0.15551276677280523, -0.6947367564392447, 0.13299869246568172 })]
    public void Given_Counters_When_Drawn_Then_EqualsTheIndependentImplementation(
        long seed, int level, int head, int round, int column, double[] expected)
    {
        var values = new float[expected.Length];
        RotationGenerator.FillColumn(seed, level, head, round, column, values);
        for (var row = 0; row < values.Length; row++)
            ((double)values[row]).ShouldBe(expected[row], 1e-6);
    }

    [Fact]
    public void Given_ManyColumns_When_Drawn_Then_ValuesAreStandardNormalAndUncorrelated()
    {
        var columns = Enumerable.Range(0, 4000).Select(column =>
        {
            var values = new float[16];
            RotationGenerator.FillColumn(3, 1, 0, 0, column, values);
            return values;
        }).ToList();
        var all = columns.SelectMany(values => values).Select(value => (double)value).ToList();
        all.Average().ShouldBe(0, 0.02);
        all.Average(value => value * value).ShouldBe(1, 0.03);
        (all.Count(value => Math.Abs(value) < 1) / (double)all.Count).ShouldBe(0.6827, 0.01);
        columns.Zip(columns.Skip(1), (one, next) => one.Zip(next, (a, b) => (double)a * b).Sum()).Average().ShouldBe(0, 0.25);
    }

    [Fact]
    public void Given_AnyOtherCounter_When_Drawn_Then_TheColumnIsAnother()
    {
        int[][] counters = [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0]];
        counters.Select(c =>
        {
            var values = new float[2];
            RotationGenerator.FillColumn(c[0], c[1], c[2], c[3], c[4], values);
            return values[0];
        }).Distinct().Count().ShouldBe(counters.Length);
    }
}
