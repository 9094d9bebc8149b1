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
    // The slowest of them once, the rest for about two seconds.
    private const int MostRepetitions = 101;
    private const int MostWarmUps = 1000;
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    public static IReadOnlyList<string> Engines { get; } = ["fused", "reference", "exact", "naive", "naive-unfactorised"];

    public static IReadOnlyList<int> Lengths { get; } = [529, 2304, 9216, 36864, 147456];

    public IReadOnlyList<AttentionMeasurement> Run(IEnumerable<int> lengths, Func<string, string, int, bool> wanted, CancellationToken cancellationToken)
    {
        var measured = new List<AttentionMeasurement>();
        var rate = MatrixProductRate();
        progress.WriteLine(FormattableString.Invariant($"Matrix product of this machine: {rate:0} GFLOP/s"));
        foreach (var length in lengths)
        {
            using var scope = NewDisposeScope();
            using var generator = new Generator(1, CPU);
            var query = randn([1, length, Heads, Channels], generator: generator);
            var value = randn([1, length, Heads, Channels], generator: generator);
            var flowing = randn([1, length, Heads, Channels], generator: generator);
            foreach (var (engine, attend) in Attentions())
            {
                foreach (var direction in new[] { "forward", "both" })
                {
                    if (!wanted(engine, direction, length))
                        continue;
                    cancellationToken.ThrowIfCancellationRequested();
                    var one = Measure(length, engine, direction, () => Call(attend, query, value, flowing, direction == "both"));
                    measured.Add(one);
                    var speed = engine == "fused" && direction == "forward" ? Speed(Operations(query) / one.Ms / 1e6, rate) : string.Empty;
                    progress.WriteLine(FormattableString.Invariant($"{one.Length,7} {one.Engine,-19} {one.Direction,-8} {one.Ms,10:0.00} ms {one.ExtraMb,8:0} MiB{speed}"));
                }
            }
        }
        return measured;
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

    private static AttentionMeasurement Measure(int length, string engine, string direction, Action call)
    {
        // The first calls also compile and fill pools; methods are compiled again after the 30th.
        var first = Time(call);
        var slow = first > 4 * Enough;
        for (var (warm, done) = (first, 1); warm < WarmUp && done < MostWarmUps; done++)
            warm += Time(call);
        var (times, total) = (new List<double>(), TimeSpan.Zero);
        var memory = PeakMemory.Of(() => times.Add(Time(call).TotalMilliseconds));
        while (!slow && times.Count < MostRepetitions && total < Enough)
        {
            var taken = Time(call);
            total += taken;
            times.Add(taken.TotalMilliseconds);
        }
        // The measured memory had to come from the system again: not that time, unless there is no other.
        var counted = times.Skip(times.Count > 1 ? 1 : 0).Order().ToArray();
        return new AttentionMeasurement(length, engine, direction, counted[counted.Length / 2], memory);
    }

    /// <returns>GFLOP/s of torch's product of two matrices of 2048 x 2048, the best of several.</returns>
    private static double MatrixProductRate()
    {
        const int side = 2048;
        using var scope = NewDisposeScope();
        using var noGradient = inference_mode();
        var (left, right) = (randn([side, side]), randn([side, side]));
        var best = Enumerable.Range(0, 8).Min(_ => Time(() => left.matmul(right).Dispose()).TotalSeconds);
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
        using var order = BucketOrder.Create(buckets, ChunkLength, new ParallelOptions());
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

    private static TimeSpan Time(Action call)
    {
        var started = Stopwatch.GetTimestamp();
        call();
        return Stopwatch.GetElapsedTime(started);
    }

    private static void Call(Func<Tensor, Tensor, Tensor> attend, Tensor query, Tensor value, Tensor flowing, bool both)
    {
        using var scope = NewDisposeScope();
        if (!both)
        {
            using var noGradient = inference_mode();
            attend(query, value);
            return;
        }
        var (q, v) = (query.detach().requires_grad_(), value.detach().requires_grad_());
        attend(q, v).backward([flowing]);
    }
}
