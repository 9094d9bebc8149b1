using CsCheck;
using CtSeg.TrainingJob.Attention;
using CtSeg.TrainingJob.Attention.Fused;
using CtSeg.TrainingJob.Attention.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Attention;

[Collection(TorchCollection.Name)]
public sealed class FusedLshAttentionTests
{
    private static readonly Gen<Case> Cases = CasesOf(batch: 2, heads: 3, rounds: 4);
    private static readonly Gen<Case> LargeCases = CasesOf(batch: 8, heads: 8, rounds: 8);

    [Fact]
    public void Given_AnyShapeAndBuckets_When_AttendingForward_Then_EqualsTheReference() => CompareForward(Cases, 30);

    [Fact]
    [Trait("Category", "Slow")]
    public void Given_LargeShapes_When_AttendingForward_Then_EqualsTheReference() => CompareForward(LargeCases, 60);

    private static void CompareForward(Gen<Case> cases, int count) =>
        cases.Sample(test =>
        {
            using var scope = NewDisposeScope();
            using var noGradient = no_grad();
            var (query, value, buckets) = test.Tensors();
            var fused = FusedLshAttention.Attend(query, value, buckets, test.ChunkLength);
            var reference = ReferenceLshAttention.Attend(query, value, buckets, test.ChunkLength);
            fused.shape.ShouldBe(reference.shape);
            fused.sub(reference).abs().max().item<float>().ShouldBeLessThan(1e-5f);
        }, iter: count, threads: 1);

    // Scores are then so far from 0 that each run finds its highest before it takes powers. Rounding a score of 1000 moves it by 1e-4.
    [Fact]
    public void Given_VeryLongQueries_When_AttendingForward_Then_EqualsTheReference() =>
        Cases.Sample(test =>
        {
            using var scope = NewDisposeScope();
            using var noGradient = no_grad();
            var (query, value, buckets) = (test with { Scale = 300 }).Tensors();
            var fused = FusedLshAttention.Attend(query, value, buckets, test.ChunkLength);
            var reference = ReferenceLshAttention.Attend(query.to(ScalarType.Float64), value.to(ScalarType.Float64), buckets, test.ChunkLength);
            fused.sub(reference).abs().max().item<double>().ShouldBeLessThan(2e-3);
        }, iter: 12, threads: 1);

    [Fact]
    public void Given_AnyShapeAndBuckets_When_Differentiated_Then_GradientsEqualTheReferences() => CompareGradients(Cases, 20);

    [Fact]
    [Trait("Category", "Slow")]
    public void Given_LargeShapes_When_Differentiated_Then_GradientsEqualTheReferences() => CompareGradients(LargeCases, 30);

    private static void CompareGradients(Gen<Case> cases, int count) =>
        cases.Sample(test =>
        {
            using var scope = NewDisposeScope();
            var (query, value, buckets) = test.Tensors();
            var flowing = randn_like(value);
            var fused = Gradients(FusedLshAttention.Attend, query, value, flowing, buckets, test.ChunkLength);
            var reference = Gradients(ReferenceLshAttention.Attend, query, value, flowing, buckets, test.ChunkLength);
            // A key is its query divided by the query's length: the shorter, the steeper, and the more a rounding error counts.
            var length = query.norm(-1, keepdim: true, p: 2f).clamp_max(1);
            foreach (var (ours, theirs) in fused.Zip(reference))
            {
                var error = ours.sub(theirs).mul(ours.shape.SequenceEqual(query.shape) ? length : ones_like(length));
                error.abs().max().item<float>().ShouldBeLessThan(1e-4f * Math.Max(1, theirs.mul(length).abs().max().item<float>()));
            }
        }, iter: count, threads: 1);

    [Fact]
    public void Given_SmallTokensInLoops_When_AttendingForward_Then_EqualsTheDefinition() =>
        Gen.Select(Gen.Int[1, 60], Gen.Int[1, 4], Gen.Int[1, 9], Gen.Int[1, 8], Gen.Int[0, 1_000_000]).Sample((count, rounds, chunk, buckets, seed) =>
        {
            using var scope = NewDisposeScope();
            var random = new Random(seed);
            var (query, value) = (Tokens.Random(random, count, 4), Tokens.Random(random, count, 3));
            var bucket = Tokens.RandomBuckets(random, rounds, count, buckets);
            var attended = FusedLshAttention.Attend(
                Tokens.ToTensor(query).to(ScalarType.Float32), Tokens.ToTensor(value).to(ScalarType.Float32), Tokens.ToTensor(bucket), chunk);
            Tokens.ShouldBe(attended.to(ScalarType.Float64), ReferenceAttention.Lsh(query, value, bucket, chunk), 1e-5);
        }, iter: 50, threads: 1);

    [Theory]
    [InlineData(float.NaN, "query", "NaN")]
    [InlineData(float.PositiveInfinity, "query", "infinity")]
    [InlineData(float.NaN, "value", "NaN")]
    [InlineData(float.NegativeInfinity, "value", "infinity")]
    public void Given_AnInputThatIsNotFinite_When_Attending_Then_SaysWhereItStands(float broken, string where, string what)
    {
        using var scope = NewDisposeScope();
        var (query, value, buckets) = new Case(300, 1, 2, 2, 8, 16, 4, 4, 1, 5).Tensors();
        (where == "query" ? query : value)[0, 211, 1, 2] = broken;
        foreach (var gradient in new[] { false, true })
        {
            query.requires_grad_(gradient);
            foreach (var attend in new[] { FusedLshAttention.Attend, (Func<Tensor, Tensor, Tensor, int, Tensor>)ReferenceLshAttention.Attend })
            {
                var refused = Should.Throw<NonFiniteInputException>(() => attend(query, value, buckets, 16));
                refused.Message.ShouldContain($"The {where} of token 211 in sequence 1 holds {what}");
            }
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1 << 24)]
    public void Given_ABucketOutOfRange_When_Attending_Then_Refused(int bucket)
    {
        using var scope = NewDisposeScope();
        var (query, value, buckets) = new Case(20, 1, 1, 1, 2, 4, 4, 4, 1, 6).Tensors();
        buckets[0, 0, 7] = bucket;
        Should.Throw<ArgumentException>(() => FusedLshAttention.Attend(query, value, buckets, 4));
    }

    // With the longer queries some runs find their highest score and others do not: that must not depend on what a thread did before.
    [Theory]
    [InlineData(1)]
    [InlineData(35)]
    public void Given_OneOrManyThreads_When_AttendingAndDifferentiated_Then_TheBytesAreTheSame(float scale)
    {
        using var scope = NewDisposeScope();
        var before = get_num_threads();
        var (query, value, buckets) = new Case(5000, 2, 2, 3, 64, 32, 16, 16, scale, 7).Tensors();
        var flowing = randn_like(value);
        List<byte[]> Run(int threads)
        {
            set_num_threads(threads);
            return [.. Gradients(FusedLshAttention.Attend, query, value, flowing, buckets, 32).Select(tensor => tensor.bytes.ToArray())];
        }
        try
        {
            var alone = Run(1);
            foreach (var (one, other) in alone.Zip(Run(3)))
                one.SequenceEqual(other).ShouldBeTrue();
        }
        finally
        {
            set_num_threads(before);
        }
    }

    private static Gen<Case> CasesOf(int batch, int heads, int rounds) => Gen.Select(
        Gen.Select(Gen.Int[1, 700], Gen.Int[1, batch], Gen.Int[1, heads], Gen.Int[1, rounds]),
        Gen.Select(OneOf(1, 2, 8, 64, 512), Gen.Int[1, 96], OneOf(1, 3, 8, 16, 20, 32), OneOf(1, 5, 8, 16, 24)),
        Gen.Select(OneOf(0.01f, 1f, 6f), Gen.Int[0, 1_000_000]),
        (sizes, shape, rest) => new Case(
            sizes.Item1, sizes.Item2, sizes.Item3, sizes.Item4, shape.Item1, shape.Item2, shape.Item3, shape.Item4, rest.Item1, rest.Item2));

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    /// <returns>The output and the gradients of query and value.</returns>
    private static IReadOnlyList<Tensor> Gradients(
        Func<Tensor, Tensor, Tensor, int, Tensor> attend, Tensor query, Tensor value, Tensor flowing, Tensor buckets, int chunkLength)
    {
        var (q, v) = (query.detach().clone().requires_grad_(), value.detach().clone().requires_grad_());
        var output = attend(q, v, buckets, chunkLength);
        output.backward([flowing]);
        return [output.detach(), q.grad!, v.grad!];
    }

    private sealed record Case(
        int Tokens, int Batch, int Heads, int Rounds, int Buckets, int ChunkLength, int KeyChannels, int ValueChannels, float Scale, int Seed)
    {
        public (Tensor Query, Tensor Value, Tensor Buckets) Tensors()
        {
            using var generator = new Generator((ulong)Seed, CPU);
            return (
                randn([Batch, Tokens, Heads, KeyChannels], generator: generator).mul(Scale),
                randn([Batch, Tokens, Heads, ValueChannels], generator: generator),
                randint(Buckets, [Rounds, Batch * Heads, Tokens], ScalarType.Int32, generator: generator));
        }
    }

    [Fact]
    public void Given_ALongRun_When_AttendingAndDifferentiated_Then_MemoryDoesNotGrow()
    {
        const int tokens = 4096;
        const long mebibyte = 1 << 20;
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (query, value) = (randn([1, tokens, 2, 16]).requires_grad_(), randn([1, tokens, 2, 16]).requires_grad_());
        var buckets = randint(0, 128, [2, 2, tokens], ScalarType.Int32);
        void Repeat(int times)
        {
            for (var time = 0; time < times; time++)
            {
                using var inner = NewDisposeScope();
                LshAttention.Attend(query, value, buckets, 64).sum().backward();
            }
            GC.Collect();
        }
        Repeat(20);
        var before = Environment.WorkingSet;
        var tensors = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Repeat(300);
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.ShouldBe(tensors);
        // A call works in about 4 MiB: if any part of it stayed, 300 would show.
        (Environment.WorkingSet - before).ShouldBeLessThan(100 * mebibyte);
    }

    // Strides of dimensions of size 1 may be anything, and between tokens there may be something else.
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(1, 9)]
    [InlineData(2, 9)]
    public void Given_ViewsOfOtherTensors_When_AttendingAndDifferentiated_Then_EqualsTheirCopies(int batch, int tokens)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        foreach (var (query, value) in new[]
        {
            (randn([batch, 1, tokens, 4]).transpose(1, 2), randn([batch, 1, tokens, 4]).transpose(1, 2)),
            (randn([tokens, batch, 2, 4]).transpose(0, 1), randn([tokens, batch, 2, 4]).transpose(0, 1)),
            Halves(randn([batch, tokens, 4, 4])),
            (randn([batch, tokens, 4, 2]).transpose(2, 3), randn([batch, 4, tokens, 2]).permute(0, 2, 3, 1)),
        })
        {
            var buckets = randint(0, 3, [2, batch * query.size(2), tokens], ScalarType.Int32);
            var (q, v) = (query.clone().contiguous().requires_grad_(), value.clone().contiguous().requires_grad_());
            var expected = LshAttention.Attend(q, v, buckets, 4);
            expected.square().sum().backward();
            var (q2, v2) = (query.detach().requires_grad_(), value.detach().requires_grad_());
            var actual = LshAttention.Attend(q2, v2, buckets, 4);
            actual.square().sum().backward();
            foreach (var (left, right) in new[] { (expected, actual), (q.grad!, q2.grad!), (v.grad!, v2.grad!) })
                left.sub(right).abs().max().item<float>().ShouldBe(0);
        }

        static (Tensor, Tensor) Halves(Tensor both) => (both.narrow(2, 0, 2), both.narrow(2, 2, 2));
    }
}
