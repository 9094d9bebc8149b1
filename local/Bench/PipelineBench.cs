using System.Diagnostics;
using System.Globalization;
using CtSeg.Contracts;
using CtSeg.Local.Demo;
using CtSeg.Local.Processes;
using CtSeg.Local.Stack;

namespace CtSeg.Local.Bench;

/// <summary>The whole pipeline: how long one slice takes, and what many cost beside the model.</summary>
internal sealed class PipelineBench(StackOptions options, SliceSelection selection, TimeProvider time, TextWriter progress)
{
    private const int WarmUps = 5;
    private const int SingleSlices = 20;
    private const int Rounds = 3;
    private const double MaxSeconds = 3;
    private const double MaxCpuMs = 120;
    private const double MinRelativeThroughput = 0.9;
    // Below that the bar of the relative throughput says nothing: the rest of the pipeline takes part of the same cores.
    private const double SlowModelSeconds = 0.5;
    private const string ModelThread = "model";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public async Task<BenchReport> RunAsync(CancellationToken cancellationToken)
    {
        var slices = await ReadAllAsync(cancellationToken);
        var (latencies, costs) = (new List<double>(), new List<Cost>());
        List<double> predict = [await MeasurePredictAsync(slices, cancellationToken)];
        for (var round = 0; round < Rounds; round++)
        {
            costs.Add(await MeasurePipelineAsync(slices, latencies, cancellationToken));
            predict.Add(await MeasurePredictAsync(slices, cancellationToken));
        }
        return Report(slices.Count, latencies, costs, predict);
    }

    private static BenchReport Report(int slices, List<double> latencies, List<Cost> costs, List<double> predict)
    {
        // Each round stands between two measurements of predict: the speed of a shared machine drifts over minutes.
        var ratios = costs.Select((cost, round) => (predict[round] + predict[round + 1]) / 2 / cost.WallSecondsPerSlice).ToList();
        List<BenchFigure> figures =
        [
            new("upload to completed, median", Percentile(latencies, 0.5), "s"),
            BenchFigure.AtMost("upload to completed, 95th percentile", Percentile(latencies, 0.95), "s", MaxSeconds),
            BenchFigure.AtMost("CPU of everything but the model, a slice", costs.Average(cost => cost.OtherCpuMs), "ms", MaxCpuMs),
            new("CPU of the model, a slice", costs.Average(cost => cost.ModelCpuMs), "ms"),
            .. costs[0].CpuMsByProcess.Keys.Select(process => new BenchFigure($"  of it {process}", costs.Average(cost => cost.CpuMsByProcess[process]), "ms")),
            new("pipeline, seconds a slice", costs.Average(cost => cost.WallSecondsPerSlice), "s"),
            new("pipeline, slices a second", 1 / costs.Average(cost => cost.WallSecondsPerSlice), "1/s"),
            new("predict, seconds a slice", predict.Average(), "s"),
            predict.Average() >= SlowModelSeconds
                ? BenchFigure.AtLeast("throughput relative to predict", ratios.Average(), string.Empty, MinRelativeThroughput)
                : new("throughput relative to predict", ratios.Average(), string.Empty),
            new("  least of the rounds", ratios.Min(), string.Empty),
            new("  most of the rounds", ratios.Max(), string.Empty),
        ];
        return new BenchReport("pipeline", figures,
        [
            $"{slices} slices, means of {Rounds} rounds. CPU is user and system time of Azurite, emulator, host, handler, job and this program from /proc; the model's is that of the job's threads named '{ModelThread}'.",
            "predict is timed before, between and after the rounds, for all slices less the time for one, so that loading does not count; each round is related to the mean of the two beside it.",
        ]);
    }

    /// <param name="latencies">Takes those of single slices, seconds.</param>
    private async Task<Cost> MeasurePipelineAsync(IReadOnlyList<DemoSlice> slices, List<double> latencies, CancellationToken cancellationToken)
    {
        await using var stack = await LocalStack.StartAsync(options, progress: null, time, cancellationToken);
        await progress.WriteLineAsync($"One slice at a time: {WarmUps} to warm up, {SingleSlices} measured.");
        latencies.AddRange(await MeasureSinglesAsync(stack, slices, cancellationToken));
        await progress.WriteLineAsync($"{slices.Count} slices at once.");
        var cost = await MeasureAllAsync(stack, slices, cancellationToken);
        await stack.StopAsync(cancellationToken);
        return cost;
    }

    private async Task<IReadOnlyList<DemoSlice>> ReadAllAsync(CancellationToken cancellationToken)
    {
        var slices = new List<DemoSlice>();
        foreach (var slice in selection.Slices)
        {
            // Read before the clock starts.
            var content = await slice.Read(cancellationToken);
            slices.Add(slice with { Read = _ => Task.FromResult(content) });
        }
        return slices;
    }

    private async Task<List<double>> MeasureSinglesAsync(LocalStack stack, IReadOnlyList<DemoSlice> slices, CancellationToken cancellationToken)
    {
        var latencies = new List<double>();
        for (var number = 0; number < WarmUps + SingleSlices; number++)
        {
            var slice = slices[number % slices.Count];
            var run = new ScanRun(stack.OpenBlobs(), [slice with { Name = $"single-{number}/{slice.Name}" }], time);
            await RunAsync(stack, run, cancellationToken);
            if (number >= WarmUps)
                // By the time that the status carries, not by the time that it was seen.
                latencies.Add(run.Scans[0].Elapsed!.Value.TotalSeconds);
        }
        return latencies;
    }

    private async Task<Cost> MeasureAllAsync(LocalStack stack, IReadOnlyList<DemoSlice> slices, CancellationToken cancellationToken)
    {
        var run = new ScanRun(stack.OpenBlobs(), [.. slices.Select(slice => slice with { Name = $"all/{slice.Name}" })], time);
        var job = stack.Job.Current.Id;
        var processes = new Dictionary<string, int>
        {
            ["Azurite"] = stack.Azurite.Id,
            ["Service Bus emulator"] = stack.Emulator.Id,
            ["Functions host"] = stack.Host.Current.Id,
            ["handler"] = ProcessCpu.ChildrenOf(stack.Host.Current.Id).Single(),
            ["job without the model"] = job,
            ["this program (uploads, watches)"] = Environment.ProcessId,
        };
        var before = processes.ToDictionary(process => process.Key, process => ProcessCpu.Of(process.Value));
        var modelBefore = ProcessCpu.OfThreads(job, ModelThread);
        await RunAsync(stack, run, cancellationToken);
        var model = (ProcessCpu.OfThreads(job, ModelThread) - modelBefore).TotalMilliseconds / slices.Count;
        var used = processes.ToDictionary(process => process.Key, process => (ProcessCpu.Of(process.Value) - before[process.Key]).TotalMilliseconds / slices.Count);
        used["job without the model"] -= model;
        var wall = run.Scans.Max(scan => scan.Ended!.LastChange) - run.Scans.Min(scan => scan.Started!.Value.UtcDateTime);
        return new Cost(used, model, wall.TotalSeconds / slices.Count);
    }

    private static async Task RunAsync(LocalStack stack, ScanRun run, CancellationToken cancellationToken)
    {
        await stack.WatchedAsync(token => run.RunAsync(() => { }, (_, _) => Task.CompletedTask, Patience, token), cancellationToken);
        if (run.Scans.FirstOrDefault(scan => scan.State != ScanState.Completed) is { } failed)
            throw new StartFailedException($"{failed.Slice.Name} did not complete ({failed.Ended?.Failure?.Message}); a benchmark needs slices that do.");
    }

    /// <returns>Seconds a slice.</returns>
    private async Task<double> MeasurePredictAsync(IReadOnlyList<DemoSlice> slices, CancellationToken cancellationToken)
    {
        await progress.WriteLineAsync($"{slices.Count} slices by predict.");
        var folder = Directory.CreateTempSubdirectory("ctseg-bench-").FullName;
        try
        {
            var files = new List<string>();
            foreach (var slice in slices)
            {
                var file = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{files.Count:0000}-{Path.GetFileName(slice.Name)}"));
                await File.WriteAllBytesAsync(file, (await slice.Read(cancellationToken)).ToArray(), cancellationToken);
                files.Add(file);
            }
            var one = await PredictAsync(files[..1], folder, cancellationToken);
            var all = await PredictAsync(files, folder, cancellationToken);
            return (all - one).TotalSeconds / Math.Max(1, files.Count - 1);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<TimeSpan> PredictAsync(IEnumerable<string> files, string folder, CancellationToken cancellationToken)
    {
        List<string> arguments = ["predict", .. files, "--out", Path.Combine(folder, "out")];
        if (options.Model is { } model)
            arguments.AddRange(["--model", model]);
        var started = Stopwatch.GetTimestamp();
        await using var predict = ChildProcess.Start(new ChildCommand("predict", options.Checkout.JobProgram, arguments, Path.Combine(folder, "predict.log")));
        var code = await predict.Exited.WaitAsync(cancellationToken);
        if (code != 0)
            throw new StartFailedException($"predict ended with code {code}: {File.ReadLines(predict.Command.LogFile).LastOrDefault()}");
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Nearest rank.</summary>
    private static double Percentile(IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToArray();
        return sorted[(int)Math.Ceiling(share * sorted.Length) - 1];
    }

    private sealed record Cost(IReadOnlyDictionary<string, double> CpuMsByProcess, double ModelCpuMs, double WallSecondsPerSlice)
    {
        public double OtherCpuMs => CpuMsByProcess.Values.Sum();
    }
}
