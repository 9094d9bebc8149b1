using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
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
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public async Task<BenchReport> RunAsync(CancellationToken cancellationToken)
    {
        var folder = Path.Combine(checkout.State, "bench", "handler");
        await progress.WriteLineAsync("Publishing the handler with Native AOT (about a minute).");
        await PublishAsync(folder, cancellationToken);
        var starts = new List<double>();
        var memory = new List<double>();
        for (var run = 0; run <= Runs; run++)
        {
            var (start, resident) = await MeasureAsync(folder, measureMemory: run % 5 == 1, cancellationToken);
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
            new("size of the program", new FileInfo(ProgramIn(folder)).Length / 1024.0 / 1024.0, "MiB"),
        ],
        [$"{Runs} starts after one to warm the file cache; memory is VmRSS {Idle.TotalSeconds:0} s after the first answer."]);
    }

    private async Task PublishAsync(string folder, CancellationToken cancellationToken)
    {
        var log = Path.Combine(checkout.State, "bench", "publish.log");
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        File.Delete(log);
        List<string> arguments =
        [
            "publish", Path.Combine(checkout.Root, "functions"), "-c", "Release", "-r", System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier,
            "-p:PublishAot=true", "-o", folder, "--nologo", "-nodeReuse:false", "--artifacts-path", Path.Combine(checkout.State, "bench", "artifacts"),
        ];
        await using var publish = ChildProcess.Start(new ChildCommand("dotnet publish", "dotnet", arguments, log));
        if (await publish.Exited.WaitAsync(cancellationToken) != 0)
            throw new StartFailedException($"The handler could not be published; its output is {log}");
    }

    private async Task<(TimeSpan Start, long? Resident)> MeasureAsync(string folder, bool measureMemory, CancellationToken cancellationToken)
    {
        var port = FreePort();
        using var http = new HttpClient { Timeout = Deadline };
        var started = Stopwatch.GetTimestamp();
        await using var handler = ChildProcess.Start(new ChildCommand("The handler", ProgramIn(folder), [], Path.Combine(checkout.State, "bench", "handler.log"))
        {
            WorkingDirectory = folder,
            Environment = new Dictionary<string, string>
            {
                ["FUNCTIONS_CUSTOMHANDLER_PORT"] = port.ToString(CultureInfo.InvariantCulture),
                ["FUNCTIONS_APP_ROOT_PATH"] = folder,
                [Contracts.Connections.Slices] = new StorageAccount(BlobPort: 1, QueuePort: 1).ConnectionString,
            },
        });
        await FirstAnswerAsync(http, new Uri($"http://127.0.0.1:{port}/"), handler, cancellationToken);
        var start = Stopwatch.GetElapsedTime(started);
        if (!measureMemory)
            return (start, null);
        await Task.Delay(Idle, time, cancellationToken);
        return (start, ProcessCpu.ResidentBytes(handler.Id));
    }

    // As the host probes: any answer counts.
    private async Task FirstAnswerAsync(HttpClient http, Uri address, ChildProcess handler, CancellationToken cancellationToken)
    {
        for (var started = time.GetTimestamp(); time.GetElapsedTime(started) < Deadline && !handler.Exited.IsCompleted;)
        {
            try
            {
                using var answer = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
                await Task.Delay(TimeSpan.FromMilliseconds(1), time, cancellationToken);
            }
        }
        throw new StartFailedException($"The handler did not answer; its log is {handler.Command.LogFile}");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string ProgramIn(string folder) => Path.Combine(folder, "ctseg-functions");
}
