using CsCheck;
using CtSeg.TrainingJob.Attention;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Attention;

[Collection(TorchCollection.Name)]
public sealed class LshHashTests
{
    [Fact]
    public void Given_ManySizes_When_Factorising_Then_FactorsAreEvenAndAboutEqualAndTheProductIsAboutRight() =>
        Gen.Select(Gen.Long[1, 2_000_000], Gen.Int[1, 512]).Sample((tokens, chunk) =>
        {
            var (first, second) = LshHash.BucketFactors(tokens, chunk);
            (first % 2).ShouldBe(0);
            (second % 2).ShouldBe(0);
            var wanted = Math.Max(4, 2.0 * tokens / chunk);
            ((double)first * second / wanted).ShouldBeInRange(0.5, 1.5);
            Math.Abs(first - second).ShouldBeLessThanOrEqualTo(2);
        }, iter: 2000, threads: 1);

    [Fact]
    public void Given_Queries_When_Hashed_Then_BucketsAreTheArgmaxOfTheConcatenation()
    {
        using var scope = NewDisposeScope();
        const int Heads = 2, Rounds = 3, Channels = 5, Count = 40;
        var query = Tokens.ToTensor(Tokens.Random(new Random(1), 2 * Heads * Count, Channels)).reshape(2, Count, Heads, Channels);
        var buckets = new LshHash(seed: 9, level: 2, Heads, Rounds, Channels).Buckets(query, chunkLength: 4);
        buckets.shape.ShouldBe([Rounds, 2 * Heads, Count]);
        var (first, second) = LshHash.BucketFactors(Count, 4);
        for (var round = 0; round < Rounds; round++)
        {
            for (var row = 0; row < 2 * Heads; row++)
            {
                for (var token = 0; token < Count; token++)
                {
                    var u = query[row / Heads, token, row % Heads].contiguous().data<double>().ToArray();
                    var expected = (Half(u, 2, row % Heads, round, 0, first) * second) + Half(u, 2, row % Heads, round, 1, second);
                    buckets[round, row, token].item<int>().ShouldBe(expected);
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

    private static int Half(double[] u, int level, int head, int round, int factor, int buckets)
    {
        var projected = new double[buckets];
        var column = new float[u.Length];
        for (var c = 0; c < buckets / 2; c++)
        {
            RotationGenerator.FillColumn(9, level, head, round, factor, c, column);
            projected[c] = u.Zip(column, (a, b) => a * b).Sum();
            projected[c + (buckets / 2)] = -projected[c];
        }
        return Array.IndexOf(projected, projected.Max());
    }

    [Theory]
    [InlineData(50, 2, 3)]
    [InlineData(4099, 1, 2)]
    public void Given_FloatQueries_When_HashedOnTheCpu_Then_BucketsAreTheArgmaxOfTheConcatenation(int count, int heads, int rounds)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var query = randn([1, count, heads, 8]);
        // All components 0: the first of equals.
        query[0, 3] = zeros([heads, 8]);
        var hash = new LshHash(seed: 1, level: 2, heads, rounds, 8);
        var fast = hash.Buckets(query, 4);
        var exact = hash.Buckets(query.to(ScalarType.Float64), 4);
        // Another order of summation moves the odd token.
        fast.ne(exact).sum().item<long>().ShouldBeLessThanOrEqualTo(count * heads * rounds / 1000);
        fast[TensorIndex.Colon, TensorIndex.Colon, 3].abs().max().item<int>().ShouldBe(0);
    }
}
