using System.Diagnostics;
using CtSeg.TrainingJob.Attention;
using CtSeg.TrainingJob.Attention.Fused;
using CtSeg.TrainingJob.Attention.Reference;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Bench;

/// <summary>Times the engines of the attention in one process: 2 heads of 16 channels, 2 rounds, chunks of 64.</summary>
internal sealed class AttentionBench(TextWriter progress)
{
    public const int Heads = 2;
    public const int Channels = 16;
    public const int Rounds = 2;
    public const int ChunkLength = 64;
    // The slowest of them once, the rest until half a second is measured.
    private const int MostRepetitions = 15;
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(1.5);

    public static IReadOnlyList<int> Lengths { get; } = [529, 2304, 9216, 36864, 147456];

    public IReadOnlyList<AttentionMeasurement> Run(IEnumerable<int> lengths, Func<string, string, int, bool> wanted, CancellationToken cancellationToken)
    {
        var measured = new List<AttentionMeasurement>();
        foreach (var length in lengths)
        {
            using var scope = NewDisposeScope();
            using var generator = new Generator(1, CPU);
            var query = randn([1, length, Heads, Channels], generator: generator);
            var value = randn([1, length, Heads, Channels], generator: generator);
            var flowing = randn([1, length, Heads, Channels], generator: generator);
            foreach (var (engine, attend) in Engines())
            {
                foreach (var direction in new[] { "forward", "both" })
                {
                    if (!wanted(engine, direction, length))
                        continue;
                    cancellationToken.ThrowIfCancellationRequested();
                    var one = Measure(length, engine, direction, () => Call(attend, query, value, flowing, direction == "both"));
                    measured.Add(one);
                    progress.WriteLine(FormattableString.Invariant($"{one.Length,7} {one.Engine,-19} {one.Direction,-8} {one.Ms,10:0.00} ms {one.ExtraMb,8:0} MiB"));
                }
            }
        }
        return measured;
    }

    private static IEnumerable<(string Engine, Func<Tensor, Tensor, Tensor> Attend)> Engines()
    {
        var hash = new LshHash(seed: 1, level: 0, Heads, Rounds, Channels);
        yield return ("fused", (query, value) => FusedLshAttention.Attend(query, value, hash.Buckets(query, ChunkLength), ChunkLength));
        yield return ("reference", (query, value) => ReferenceLshAttention.Attend(query, value, hash.Buckets(query, ChunkLength), ChunkLength));
        yield return ("exact", ExactAttention.Attend);
        yield return ("naive", (query, value) =>
            NaiveLshAttention.Attend(query, value, NaiveLshAttention.Buckets(query, Rounds, ChunkLength, factorised: true), ChunkLength));
        yield return ("naive-unfactorised", (query, value) =>
            NaiveLshAttention.Attend(query, value, NaiveLshAttention.Buckets(query, Rounds, ChunkLength, factorised: false), ChunkLength));
    }

    private static AttentionMeasurement Measure(int length, string engine, string direction, Action call)
    {
        // The first call also compiles and fills pools.
        var first = Stopwatch.GetTimestamp();
        call();
        var slow = Stopwatch.GetElapsedTime(first) > 4 * Enough;
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
