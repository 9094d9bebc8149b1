using CsCheck;
using CtSeg.TrainingJob.Attention;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Attention;

[Collection(TorchCollection.Name)]
public sealed class LshHashTests
{
    [Fact]
    public void Given_ManySizes_When_Factorising_Then_FactorsAreAboutEqualAndTheirProductIsTheMostThatIsAllowed() =>
        Gen.Select(Gen.Long[1, 2_000_000], Gen.Int[1, 512], Gen.Int[1, 64]).Sample((tokens, chunk, channels) =>
        {
            var factors = LshHash.ColumnsOfFactors(tokens, chunk, channels);
            factors.Length.ShouldBeInRange(2, 4);
            factors.Min().ShouldBeGreaterThanOrEqualTo(1);
            (factors.Max() - factors.Min()).ShouldBeLessThanOrEqualTo(1);
            var most = Math.Max(4, 2.0 * tokens / chunk);
            Buckets(factors).ShouldBeLessThanOrEqualTo(most);
            // One column more in the smallest factor would be too many.
            factors[Array.IndexOf(factors, factors.Min())]++;
            Buckets(factors).ShouldBeGreaterThan(most);
        }, iter: 2000, threads: 1);

    [Theory]
    [InlineData(529, new[] { 2, 2 })]
    [InlineData(2_304, new[] { 4, 4 })]
    [InlineData(9_216, new[] { 4, 3, 3 })]
    [InlineData(36_864, new[] { 5, 5, 5 })]
    [InlineData(147_456, new[] { 4, 4, 4, 4 })]
    public void Given_TheLevelsOfTheNetwork_When_Factorising_Then_OneRotationSuffices(long tokens, int[] expected) =>
        LshHash.ColumnsOfFactors(tokens, chunkLength: 64, headChannels: 16).ShouldBe(expected);

    [Theory]
    [InlineData(16, 16)]
    [InlineData(5, 12)]
    public void Given_Rotations_When_Drawn_Then_ColumnsOfOneAreOrthonormalAndRoundsDiffer(int channels, int columns)
    {
        var drawn = new HashRotations(seed: 3, level: 1, heads: 2, rounds: 2, channels).Columns(columns);
        double Dot(int of, int left, int right) => Enumerable.Range(0, channels)
            .Sum(channel => (double)drawn[(((of * columns) + left) * channels) + channel] * drawn[(((of * columns) + right) * channels) + channel]);
        for (var of = 0; of < 4; of++)
        {
            for (var left = 0; left < columns; left++)
            {
                for (var right = left / channels * channels; right < Math.Min(columns, ((left / channels) + 1) * channels); right++)
                    Dot(of, left, right).ShouldBe(left == right ? 1 : 0, 1e-6);
            }
        }
        drawn.Chunk(columns * channels).Select(one => one[0]).Distinct().Count().ShouldBe(4);
    }

    [Fact]
    public void Given_TokensWithoutPreferredDirection_When_Hashed_Then_BucketsAreEven()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1, CPU);
        var query = randn([1, 147_456, 1, 16], generator: generator);
        var buckets = new LshHash(seed: 1, level: 0, heads: 1, rounds: 1, headChannels: 16).Buckets(query, 64);
        var counts = buckets.flatten().bincount(null).to(ScalarType.Float64);
        counts.size(0).ShouldBe(4096);
        // Independent throws into 4,096 buckets have a variance of 36, their mean.
        counts.std().square().item<double>().ShouldBeInRange(32, 40);
    }

    [Fact]
    public void Given_Queries_When_Hashed_Then_BucketsAreTheArgmaxOfTheConcatenation()
    {
        using var scope = NewDisposeScope();
        const int Heads = 2, Rounds = 3, Channels = 5, Count = 40;
        var query = Tokens.ToTensor(Tokens.Random(new Random(1), 2 * Heads * Count, Channels)).reshape(2, Count, Heads, Channels);
        var buckets = new LshHash(seed: 9, level: 2, Heads, Rounds, Channels).Buckets(query, chunkLength: 4);
        buckets.shape.ShouldBe([Rounds, 2 * Heads, Count]);
        var factors = LshHash.ColumnsOfFactors(Count, 4, Channels);
        var columns = new HashRotations(seed: 9, level: 2, Heads, Rounds, Channels).Columns(factors.Sum())
            .Chunk(Channels).Select(column => column.Select(value => (double)value).ToArray()).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            for (var row = 0; row < 2 * Heads; row++)
            {
                var own = columns.AsSpan(((round * Heads) + (row % Heads)) * factors.Sum(), factors.Sum()).ToArray();
                for (var token = 0; token < Count; token++)
                {
                    var u = query[row / Heads, token, row % Heads].contiguous().data<double>().ToArray();
                    buckets[round, row, token].item<int>().ShouldBe(Bucket(u, own, factors));
                }
            }
        }
    }

    [Fact]
    public void Given_LongerQueries_When_Hashed_Then_OnlyTheDirectionCounts()
    {
        using var scope = NewDisposeScope();
        var query = Tokens.ToTensor(Tokens.Random(new Random(2), 64, 8)).reshape(1, 64, 1, 8);
        var hash = new LshHash(seed: 1, level: 0, heads: 1, rounds: 2, headChannels: 8);
        hash.Buckets(query, 8).SameAs(hash.Buckets(query.mul(32), 8)).ShouldBeTrue();
    }

    private static double Buckets(int[] factors) => factors.Aggregate(1.0, (product, columns) => product * 2 * columns);

    private static int Bucket(double[] u, double[][] columns, int[] factors)
    {
        var (bucket, first) = (0, 0);
        foreach (var count in factors)
        {
            var projected = columns.Skip(first).Take(count).Select(column => u.Zip(column, (a, b) => a * b).Sum()).ToArray();
            double[] both = [.. projected, .. projected.Select(value => -value)];
            bucket = (bucket * both.Length) + Array.IndexOf(both, both.Max());
            first += count;
        }
        return bucket;
    }

    [Theory]
    [InlineData(50, 2, 3, 8)]
    [InlineData(4099, 1, 2, 8)]
    [InlineData(4099, 3, 2, 16)]
    [InlineData(1000, 2, 1, 5)]
    public void Given_FloatQueries_When_HashedOnTheCpu_Then_BucketsAreTheArgmaxOfTheConcatenation(int count, int heads, int rounds, int channels)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var query = randn([2, count, heads, channels]);
        // All components 0: the first of equals.
        query[0, 3] = zeros([heads, channels]);
        var hash = new LshHash(seed: 1, level: 2, heads, rounds, channels);
        var fast = hash.Buckets(query, 4);
        var exact = hash.Buckets(query.to(ScalarType.Float64), 4);
        // Another order of summation moves the odd token.
        fast.ne(exact).sum().item<long>().ShouldBeLessThanOrEqualTo(2 * count * heads * rounds / 1000);
        fast[TensorIndex.Colon, TensorIndex.Slice(0, heads), 3].abs().max().item<int>().ShouldBe(0);
    }
}
