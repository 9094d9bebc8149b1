using CsCheck;
using CtSeg.TrainingJob.Attention;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Attention;

[Collection(TorchCollection.Name)]
public sealed class LshAttentionTests
{
    [Fact]
    public void Given_OneBucketAndOneChunk_When_Attending_Then_EqualsExactSharedQueryKeyAttention()
    {
        using var scope = NewDisposeScope();
        var random = new Random(1);
        var (query, value) = (Tokens.Random(random, 13, 5), Tokens.Random(random, 13, 3));
        foreach (var rounds in new[] { 1, 3 })
        {
            var attended = LshAttention.Attend(
                Tokens.ToTensor(query), Tokens.ToTensor(value), zeros([rounds, 1, 13], ScalarType.Int32), chunkLength: 16);
            Tokens.ShouldBe(attended, ReferenceAttention.Exact(query, value));
        }
    }

    // Several chunks, cut windows, short last chunks, empty buckets, one token: what n_ij and the self mask must get right.
    [Fact]
    public void Given_AnyBuckets_When_Attending_Then_EqualsTheDefinitionInLoops() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 4], Gen.Int[1, 9], Gen.Int[1, 8], Gen.Int[0, 1_000_000]).Sample((count, rounds, chunk, buckets, seed) =>
        {
            using var scope = NewDisposeScope();
            var random = new Random(seed);
            var (query, value) = (Tokens.Random(random, count, 4), Tokens.Random(random, count, 3));
            var bucket = Tokens.RandomBuckets(random, rounds, count, buckets);
            Tokens.ShouldBe(
                LshAttention.Attend(Tokens.ToTensor(query), Tokens.ToTensor(value), Tokens.ToTensor(bucket), chunk),
                ReferenceAttention.Lsh(query, value, bucket, chunk));
        }, iter: 150, threads: 1);

    [Fact]
    public void Given_SeveralSequences_When_Attending_Then_EachIsAttendedAlone()
    {
        using var scope = NewDisposeScope();
        var random = new Random(2);
        var sequences = Enumerable.Range(0, 3).Select(_ => (
            Query: Tokens.Random(random, 21, 4), Value: Tokens.Random(random, 21, 2), Buckets: Tokens.RandomBuckets(random, 2, 21, 3))).ToList();
        var together = LshAttention.Attend(
            cat([.. sequences.Select(s => Tokens.ToTensor(s.Query))], 0),
            cat([.. sequences.Select(s => Tokens.ToTensor(s.Value))], 0),
            cat([.. sequences.Select(s => Tokens.ToTensor(s.Buckets))], 1),
            chunkLength: 4);
        for (var s = 0; s < 3; s++)
            Tokens.ShouldBe(together.narrow(0, s, 1), ReferenceAttention.Lsh(sequences[s].Query, sequences[s].Value, sequences[s].Buckets, 4));
    }

    [Fact]
    public void Given_APermutation_When_OneBucketAndOneChunk_Then_TheOutputIsPermuted()
    {
        using var scope = NewDisposeScope();
        var random = new Random(3);
        var (query, value) = (Tokens.ToTensor(Tokens.Random(random, 12, 4)), Tokens.ToTensor(Tokens.Random(random, 12, 3)));
        var buckets = zeros([2, 1, 12], ScalarType.Int32);
        var order = Enumerable.Range(0, 12).Select(i => (long)i).ToArray();
        random.Shuffle(order);
        var permutation = tensor(order);
        var permuted = LshAttention.Attend(query.index_select(1, permutation), value.index_select(1, permutation), buckets, 12);
        var expected = LshAttention.Attend(query, value, buckets, 12).index_select(1, permutation);
        permuted.sub(expected).abs().max().item<double>().ShouldBeLessThan(1e-12);
    }

    [Fact]
    public void Given_SeveralChunks_When_APermutationKeepsTheOrderInsideEveryBucket_Then_TheOutputIsPermuted()
    {
        using var scope = NewDisposeScope();
        var random = new Random(4);
        var (query, value) = (Tokens.ToTensor(Tokens.Random(random, 24, 4)), Tokens.ToTensor(Tokens.Random(random, 24, 3)));
        var bucket = Tokens.RandomBuckets(random, 1, 24, 3);
        // Sorting by another order of the buckets moves tokens of different buckets past each other only.
        var order = Enumerable.Range(0, 24).OrderBy(i => (bucket[0][i] + 1) % 3).ThenBy(i => i).Select(i => (long)i).ToArray();
        order.ShouldNotBe([.. Enumerable.Range(0, 24).Select(i => (long)i)]);
        var permutation = tensor(order);
        var buckets = Tokens.ToTensor(bucket);
        var permuted = LshAttention.Attend(
            query.index_select(1, permutation), value.index_select(1, permutation), buckets.index_select(2, permutation), 5);
        var expected = LshAttention.Attend(query, value, buckets, 5).index_select(1, permutation);
        permuted.sub(expected).abs().max().item<double>().ShouldBeLessThan(1e-12);
    }

    [Fact]
    public void Given_ValuesOfOne_When_Attending_Then_TheCombinedWeightsSumToOne()
    {
        using var scope = NewDisposeScope();
        var random = new Random(5);
        var attended = LshAttention.Attend(
            Tokens.ToTensor(Tokens.Random(random, 50, 4)).mul(8), ones([1, 50, 1, 1], ScalarType.Float64),
            Tokens.ToTensor(Tokens.RandomBuckets(random, 4, 50, 9)), 6);
        attended.sub(1).abs().max().item<double>().ShouldBeLessThan(1e-12);
    }

    [Fact]
    public void Given_ATokenAloneInAllRounds_When_Attending_Then_ItsOwnValueReturns()
    {
        using var scope = NewDisposeScope();
        var random = new Random(6);
        var value = Tokens.Random(random, 9, 3);
        var attended = LshAttention.Attend(
            Tokens.ToTensor(Tokens.Random(random, 9, 4)), Tokens.ToTensor(value),
            Tokens.ToTensor([[0, 0, 0, 7, 1, 1, 1, 1, 1], [1, 1, 1, 0, 1, 2, 2, 2, 2]]), 3);
        for (var c = 0; c < 3; c++)
            attended[0, 3, 0, c].item<double>().ShouldBe(value[3][c], 1e-12);
        attended[0, 2, 0, 0].item<double>().ShouldNotBe(value[2][0]);
    }

    [Fact]
    public void Given_MoreRounds_When_AveragedOverTwentySeeds_Then_TheErrorAgainstExactAttentionFalls()
    {
        using var scope = NewDisposeScope();
        const int Count = 256, Channels = 16;
        var random = new Random(7);
        var query = Tokens.ToTensor(Tokens.Random(random, Count, Channels)).mul(6);
        var value = Tokens.ToTensor(Tokens.Random(random, Count, 4));
        var exact = LshAttention.Attend(query, value, zeros([1, 1, Count], ScalarType.Int32), Count);
        double Error(int rounds) => Enumerable.Range(0, 20).Average(seed =>
        {
            using var inner = NewDisposeScope();
            var buckets = new LshHash(seed, level: 0, heads: 1, rounds, Channels).Buckets(query, 32);
            return LshAttention.Attend(query, value, buckets, 32).sub(exact).square().mean().item<double>();
        });
        var errors = new[] { 1, 2, 4, 8 }.Select(Error).ToArray();
        errors.ShouldBe([.. errors.OrderDescending()]);
        errors[3].ShouldBeLessThan(0.6 * errors[0]);
    }

    [Fact]
    public void Given_FixedBuckets_When_Differentiated_Then_EqualsFiniteDifferences()
    {
        using var scope = NewDisposeScope();
        var random = new Random(8);
        var (query, value) = (Tokens.Random(random, 11, 3), Tokens.Random(random, 11, 2));
        var buckets = Tokens.ToTensor(Tokens.RandomBuckets(random, 2, 11, 3));
        var weights = Tokens.ToTensor(Tokens.Random(random, 11, 2));
        Tensor Loss(Tensor q, Tensor v) => LshAttention.Attend(q, v, buckets, 3).mul(weights).sum();

        var (q, v) = (Tokens.ToTensor(query).requires_grad_(), Tokens.ToTensor(value).requires_grad_());
        Loss(q, v).backward();
        CheckGradient(q, query, rows => Loss(Tokens.ToTensor(rows), v));
        CheckGradient(v, value, rows => Loss(q, Tokens.ToTensor(rows)));
    }

    private static void CheckGradient(Tensor input, double[][] rows, Func<double[][], Tensor> loss)
    {
        const double Step = 1e-6;
        for (var i = 0; i < rows.Length; i++)
        {
            for (var c = 0; c < rows[i].Length; c++)
            {
                var kept = rows[i][c];
                rows[i][c] = kept + Step;
                var above = loss(rows).item<double>();
                rows[i][c] = kept - Step;
                var below = loss(rows).item<double>();
                rows[i][c] = kept;
                input.grad![0, i, 0, c].item<double>().ShouldBe((above - below) / (2 * Step), 1e-7, $"token {i}, channel {c}");
            }
        }
    }
}
