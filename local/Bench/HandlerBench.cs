using System.Diagnostics;
using CtSeg.Local.Processes;
using CtSeg.Local.Stack;

namespace CtSeg.Local.Bench;

/// <summary>The handler as it is deployed, compiled ahead of time: how soon it answers and what it holds.</summary>
internal sealed class HandlerBench(Checkout checkout, TimeProvider time, TextWriter progress)
{
    private const int Runs = 20;
    private const double MaxStartMs = 100;
    private const double MaxMemoryMiB = 80;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(2);

    public async Task<BenchReport> RunAsync(CancellationToken cancellationToken)
    {
        var folder = Path.Combine(checkout.State, "bench");
        Directory.CreateDirectory(folder);
        var handler = new AotHandler(checkout, folder, time);
        await progress.WriteLineAsync("Publishing the handler with Native AOT (about a minute).");
        if (await handler.PublishAsync(cancellationToken) != 0)
            throw new StartFailedException($"The handler could not be published; its output is {handler.PublishLog}");
        var starts = new List<double>();
        var memory = new List<double>();
        for (var run = 0; run <= Runs; run++)
        {
            var (start, resident) = await MeasureAsync(handler, measureMemory: run % 5 == 1, cancellationToken);
            // The first one reads the file from disk.
            if (run > 0)
                starts.Add(start.TotalMilliseconds);
            if (resident is { } bytes)
                memory.Add(bytes / 1024.0 / 1024.0);
        }
        starts.Sort();
        return new BenchReport("handler",
        [
            BenchFigure.AtMost("start to first answer, median", starts[starts.Count / 2], "ms", MaxStartMs),
            new("start to first answer, slowest", starts[^1], "ms"),
            BenchFigure.AtMost("idle memory, most of the runs", memory.Max(), "MiB", MaxMemoryMiB),
            new("size of the program", new FileInfo(handler.Program).Length / 1024.0 / 1024.0, "MiB"),
        ],
        [$"{Runs} starts after one to warm the file cache; memory is VmRSS {Idle.TotalSeconds:0} s after the first answer."]);
    }

    private async Task<(TimeSpan Start, long? Resident)> MeasureAsync(AotHandler published, bool measureMemory, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var (running, _) = await published.StartAsync(cancellationToken);
        await using var handler = running;
        var start = Stopwatch.GetElapsedTime(started);
        if (!measureMemory)
            return (start, null);
        await Task.Delay(Idle, time, cancellationToken);
        return (start, ProcessCpu.ResidentBytes(handler.Id));
    }
}
