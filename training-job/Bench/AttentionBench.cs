using System.Diagnostics;
using CtSeg.TrainingJob.Attention;
using CtSeg.TrainingJob.Attention.Fused;
using CtSeg.TrainingJob.Attention.Reference;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Bench;

/// <summary>Times the engines of the attention in one process: 2 heads of 16 channels, chunks of 64.</summary>
/// <param name="rounds">Rounds of the hash.</param>
internal sealed class AttentionBench(int rounds, TextWriter progress)
{
    public const int Heads = 2;
    public const int Channels = 16;
    public const int Rounds = 2;
    public const int ChunkLength = 64;

    public static IReadOnlyList<string> Engines { get; } = ["fused", "reference", "exact", "naive", "naive-unfactorised"];

    public static IReadOnlyList<int> Lengths { get; } = [529, 2304, 9216, 36864, 147456];

    /// <summary>Measures engine by engine; all lengths of an engine take turns, so that growth is not the machine's.</summary>
    public IReadOnlyList<AttentionMeasurement> Run(
        IReadOnlyList<int> lengths, Func<string, string, int, bool> wanted, CancellationToken cancellationToken)
    {
        var measured = new List<AttentionMeasurement>();
        var rate = MatrixProductRate();
        progress.WriteLine(FormattableString.Invariant($"Matrix product of this machine: {rate:0} GFLOP/s"));
        using var scope = NewDisposeScope();
        var inputs = lengths.Select(Inputs.Random).ToArray();
        foreach (var (engine, attend) in Attentions())
        {
            foreach (var direction in new[] { "forward", "both" })
            {
                var calls = inputs.Where(input => wanted(engine, direction, input.Length))
                    .Select(input => (Input: input, Call: new TimedCall(() => Call(attend, input, direction == "both")))).ToArray();
                TakeTurns([.. calls.Select(one => one.Call)], cancellationToken);
                foreach (var (input, call) in calls)
                {
                    var one = new AttentionMeasurement(input.Length, engine, direction, call.Ms, call.ExtraMb);
                    measured.Add(one);
                    var speed = engine == "fused" && direction == "forward" ? Speed(Operations(input.Query) / one.Ms / 1e6, rate) : string.Empty;
                    progress.WriteLine(FormattableString.Invariant($"{one.Length,7} {one.Engine,-19} {one.Direction,-8} {one.Ms,10:0.00} ms {one.ExtraMb,8:0} MiB{speed}"));
                }
            }
        }
        return measured;
    }

    private static void TakeTurns(TimedCall[] calls, CancellationToken cancellationToken)
    {
        foreach (var call in calls)
        {
            cancellationToken.ThrowIfCancellationRequested();
            call.Prepare();
        }
        for (var slot = 0; slot < TimedCall.Slots; slot++)
        {
            foreach (var call in calls)
            {
                cancellationToken.ThrowIfCancellationRequested();
                call.RunSlot();
            }
        }
    }

    private IEnumerable<(string Engine, Func<Tensor, Tensor, Tensor> Attend)> Attentions()
    {
        var hash = new LshHash(seed: 1, level: 0, Heads, rounds, Channels);
        yield return ("fused", (query, value) => FusedLshAttention.Attend(query, value, hash.Buckets(query, ChunkLength), ChunkLength));
        yield return ("reference", (query, value) => ReferenceLshAttention.Attend(query, value, hash.Buckets(query, ChunkLength), ChunkLength));
        yield return ("exact", ExactAttention.Attend);
        yield return ("naive", (query, value) =>
            NaiveLshAttention.Attend(query, value, NaiveLshAttention.Buckets(query, rounds, ChunkLength, factorised: true), ChunkLength));
        yield return ("naive-unfactorised", (query, value) =>
            NaiveLshAttention.Attend(query, value, NaiveLshAttention.Buckets(query, rounds, ChunkLength, factorised: false), ChunkLength));
    }

    /// <returns>GFLOP/s of torch's product of two matrices of 2048 x 2048, the best of several.</returns>
    private static double MatrixProductRate()
    {
        const int side = 2048;
        using var scope = NewDisposeScope();
        using var noGradient = inference_mode();
        var (left, right) = (randn([side, side]), randn([side, side]));
        var best = double.PositiveInfinity;
        for (var run = 0; run < 8; run++)
        {
            var started = Stopwatch.GetTimestamp();
            left.matmul(right).Dispose();
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        return 2.0 * side * side * side / best / 1e9;
    }

    private static string Speed(double gigaflops, double rate) =>
        FormattableString.Invariant($" {gigaflops,6:0.0} GFLOP/s, {100 * gigaflops / rate:0} % of the matrix product");

    /// <summary>Floating-point operations of hash, scores and weighted sums: what no engine can leave out.</summary>
    private double Operations(Tensor query)
    {
        var tokens = query.size(1);
        var columns = LshHash.ColumnsOfFactors(tokens, ChunkLength, Channels).Sum();
        using var buckets = new LshHash(seed: 1, level: 0, Heads, rounds, Channels).Buckets(query, ChunkLength);
        using var order = BucketOrder.Create(buckets, ChunkLength, HelperThreads.Parallel());
        return (2.0 * tokens * Heads * rounds * Channels * columns) + (4.0 * Channels * Pairs(order));
    }

    /// <summary>How many pairs see each other, over all rounds and heads.</summary>
    private static long Pairs(BucketOrder order)
    {
        var pairs = 0L;
        for (var line = 0; line < order.Rounds * Heads; line++)
        {
            var places = order.Places(line / Heads, line % Heads).ToArray().GroupBy(place => place).ToDictionary(place => place.Key, place => (long)place.Count());
            pairs += places.Sum(place => place.Value * (place.Value + places.GetValueOrDefault(place.Key - 1)));
        }
        return pairs;
    }

    private static void Call(Func<Tensor, Tensor, Tensor> attend, Inputs inputs, bool both)
    {
        using var scope = NewDisposeScope();
        if (!both)
        {
            using var noGradient = inference_mode();
            attend(inputs.Query, inputs.Value);
            return;
        }
        var (query, value) = (inputs.Query.detach().requires_grad_(), inputs.Value.detach().requires_grad_());
        // As inside a network: a leaf's gradient would be copied once more.
        autograd.grad([attend(query, value)], [query, value], [inputs.Flowing]);
    }

    /// <summary>Normally distributed tokens, [1, length, heads, channels], and a gradient that flows into the output.</summary>
    private sealed record Inputs(int Length, Tensor Query, Tensor Value, Tensor Flowing)
    {
        public static Inputs Random(int length)
        {
            using var generator = new Generator(1, CPU);
            Tensor Normal() => randn([1, length, Heads, Channels], generator: generator);
            return new Inputs(length, Normal(), Normal(), Normal());
        }
    }
}
