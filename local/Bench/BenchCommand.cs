using System.CommandLine;
using CtSeg.Local.Demo;
using CtSeg.Local.Processes;
using CtSeg.Local.Stack;
using Spectre.Console;

namespace CtSeg.Local.Bench;

/// <summary>The verb <c>bench</c>: measures and holds the figures against their bars.</summary>
internal static class BenchCommand
{
    private const int DefaultPhantoms = 40;
    private const int Messages = 5000;
    private const int Disconnects = 100;
    private const double MinMessagesPerSecond = 2000;

    /// <summary>Measurements that belong to the job: only listed here, ctseg-job explains their options.</summary>
    public static IReadOnlyList<Command> OfTheJob { get; } =
    [
        new("attention", "LSH attention: engines, lengths, time and memory.") { TreatUnmatchedTokensAsErrors = false },
        new("model", "Networks: architectures, widths, fast and naive.") { TreatUnmatchedTokensAsErrors = false },
        new("predict", "A model's predictions of slices, warm: time and memory.") { TreatUnmatchedTokensAsErrors = false },
    ];

    public static Command Create()
    {
        var json = new Option<string?>("--json") { Description = "Also write the figures to FILE.", HelpName = "FILE", Recursive = true };
        var slices = new Option<string?>("--slices") { Description = "Folder of slices; phantom slices unless given.", HelpName = "DIR" };
        var model = new Option<string?>("--model") { Description = "Folder of the model; the shipped one unless given.", HelpName = "DIR" };
        var pipeline = new Command("pipeline", "Latency of one slice; CPU and throughput of many.") { slices, model };
        var handler = new Command("handler", "Start and memory of the handler, compiled ahead of time.");
        var serviceBus = new Command("servicebus", "Send, receive and complete a second; losses over broken connections.");
        var served = new Option<string?>("--model") { Description = "Folder of the model that serves and is retrained; an untrained small one unless given.", HelpName = "DIR" };
        var retraining = new Command("retraining", "Slices beside a training on the same cores; promotion and rollback under load.") { served };
        retraining.SetAction((result, _) => RunAsync(
            result.GetValue(json), new RetrainingBench(Checkout.Find(), result.GetValue(served) is { } path ? Path.GetFullPath(path) : null, TimeProvider.System, Console.Out).RunAsync));
        pipeline.SetAction((result, _) => RunAsync(result.GetValue(json), token =>
        {
            var selection = result.GetValue(slices) is { } folder ? SliceSelection.Of([folder], limit: null) : SliceSelection.Phantoms(DefaultPhantoms);
            var options = new StackOptions(Checkout.Find()) { Model = result.GetValue(model) is { } path ? Path.GetFullPath(path) : null };
            return new PipelineBench(options, selection, TimeProvider.System, Console.Out).RunAsync(token);
        }));
        handler.SetAction((result, _) => RunAsync(result.GetValue(json), new HandlerBench(Checkout.Find(), TimeProvider.System, Console.Out).RunAsync));
        serviceBus.SetAction((result, _) => RunAsync(result.GetValue(json), MeasureServiceBusAsync));
        var bench = new Command("bench", "Measures on this machine. Ends with 0 only if every bar holds.") { pipeline, handler, serviceBus, retraining, json };
        foreach (var command in OfTheJob)
            bench.Add(command);
        return bench;
    }

    private static async Task<int> RunAsync(string? json, Func<CancellationToken, Task<BenchReport>> measure)
    {
        using var requests = new StopRequests();
        var report = await measure(requests.Stop);
        report.Print(AnsiConsole.Console);
        if (json is not null)
            await report.WriteAsync(json, requests.Stop);
        return report.AllHold ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static async Task<BenchReport> MeasureServiceBusAsync(CancellationToken cancellationToken)
    {
        var result = await new ServiceBusBench(TimeProvider.System).RunAsync(Messages, Disconnects, cancellationToken);
        return new BenchReport("servicebus",
        [
            BenchFigure.AtLeast("send + receive + complete, singly", result.OneByOnePerSecond, "/s", MinMessagesPerSecond),
            BenchFigure.AtLeast("send + receive + complete, in batches", result.BatchedPerSecond, "/s", MinMessagesPerSecond),
            BenchFigure.AtMost($"lost of {result.MessagesOverDisconnects} messages over {result.Disconnects} disconnects", result.Lost, string.Empty, 0),
            new("CPU of client and emulator a message", result.CpuMicrosecondsPerMessage, "us"),
        ],
        [$"Singly: {result.Concurrency} operations under way at once. Client and emulator in one process."]);
    }
}
