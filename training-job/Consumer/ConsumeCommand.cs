using System.CommandLine;
using CtSeg.Models;
using CtSeg.ServiceBus;
using CtSeg.Telemetry;

namespace CtSeg.TrainingJob.Consumer;

/// <summary><c>ctseg-job consume</c>.</summary>
internal static class ConsumeCommand
{
    private const string Description = """
        Segments slices as they are asked for, and ends when there is no more work.

        Connections come from the environment: SlicesStorage and ServiceBus (connection strings), or
        SlicesStorage__blobServiceUri and ServiceBus__fullyQualifiedNamespace (identity of the process);
        where none is set, from the system that ./ctseg up runs. When models/current.json names another
        model, that takes over between two slices; one that is damaged is refused, and the queue alerts told.
        Ends with 0 after idle time, Ctrl-C or SIGTERM, with 2 when the options are wrong, else with 1.

        Examples:
          ctseg-job consume
          ctseg-job consume --batch 8 --idle-seconds 300
          ctseg-job consume --model ./my-model
        """;

    private static readonly Option<int> Batch = new("--batch")
    {
        Description = $"Messages received, and held under lock, at once (1 to {ConsumeOptions.MaxBatch}).", DefaultValueFactory = _ => 32,
    };

    private static readonly Option<int> Prefetch = new("--prefetch")
    {
        Description = $"Messages that may wait in the client beside those (0 to {ConsumeOptions.MaxPrefetch}).", DefaultValueFactory = _ => 0,
    };

    private static readonly Option<double> Idle = new("--idle-seconds")
    {
        Description = "Ends after so long without work.", DefaultValueFactory = _ => 60,
    };

    private static readonly Option<double> MaxWait = new("--max-wait")
    {
        Description = "Seconds of one wait for messages.", DefaultValueFactory = _ => 30,
    };

    private static readonly Option<double> Drain = new("--drain-seconds")
    {
        Description = "From SIGTERM to the end of the process at most.", DefaultValueFactory = _ => 20,
    };

    private static readonly Option<string?> Model =
        PathOption.Create("--model", "Folder with model.json and weights.safetensors, instead of the model that the storage names.");

    private static readonly Option<double> ModelSeconds = new("--model-seconds")
    {
        Description = "Between two looks whether the storage names another model (0.1 to 20).", DefaultValueFactory = _ => 2,
    };

    private static readonly Option<string?> State =
        PathOption.Create("--state", "Folder that keeps which model served last and what was told; one for each storage address, in the user's own, unless given.");

    /// <param name="openServiceBus">Connects to the namespace that the settings name.</param>
    /// <param name="loadModel">Loads a model folder; throws <see cref="ModelRefusedException"/>.</param>
    /// <remarks>
    /// Invoke it with <see cref="InvocationConfiguration.ProcessTerminationTimeout"/> null: signals are handled here, and the
    /// default would end the process 2 s after SIGTERM.
    /// </remarks>
    public static Command Create(Func<Func<string, string?>, IServiceBusClient> openServiceBus, Func<string, ISliceSegmenter> loadModel)
    {
        var command = new Command("consume", Description) { Batch, Idle, MaxWait, Prefetch, Drain, Model, ModelSeconds, State };
        command.SetAction((parsed, _) => RunAsync(parsed, openServiceBus, loadModel));
        return command;
    }

    private static async Task<int> RunAsync(
        ParseResult parsed, Func<Func<string, string?>, IServiceBusClient> openServiceBus, Func<string, ISliceSegmenter> loadModel)
    {
        var connections = JobConnections.Find(needsServiceBus: true, out var missing);
        var keys = ModelKeySettings.Read(Environment.GetEnvironmentVariable, signs: false, out var unusable);
        var telemetry = TelemetrySettings.Read(Environment.GetEnvironmentVariable, out var wrong);
        var options = ConsumeOptions.Check(
            parsed.GetValue(Batch), parsed.GetValue(Prefetch), parsed.GetValue(Idle), parsed.GetValue(MaxWait), parsed.GetValue(Drain),
            parsed.GetValue(Model), parsed.GetValue(ModelSeconds), [.. missing, .. unusable, .. wrong], out var problems);
        if (options is null || connections is null)
        {
            await Console.Error.WriteLineAsync($"consume cannot start: {string.Join(" ", problems)}");
            return ExitCodes.Usage;
        }
        using var signals = new StopSignals();
        var told = JobTelemetry.Start(telemetry, TelemetryNames.SegmentationService);
        try
        {
            await using var bus = openServiceBus(connections.Setting);
            using var logs = told.CreateLogs();
            var load = SignedModelFolder.Only(keys.Trusted, loadModel);
            var job = new ConsumeJob(options, connections.OpenStorage(), bus, load, CacheFolder(), TimeProvider.System, logs) { StateFolder = parsed.GetValue(State) };
            return await job.RunAsync(signals.Stopping) == ConsumerEnd.ModelBroken ? ExitCodes.Failure : ExitCodes.Success;
        }
        catch (OperationCanceledException) when (signals.Stopping.IsCancellationRequested)
        {
            return ExitCodes.Success;
        }
        catch (Exception e) when (e is ModelRefusedException or UntrustedModelException or ServiceBusException or FormatException)
        {
            await Console.Error.WriteLineAsync($"consume ends: {e.Message}");
            return ExitCodes.Failure;
        }
        catch (Exception e) when (e is Azure.RequestFailedException or AggregateException or IOException or HttpRequestException)
        {
            await Console.Error.WriteLineAsync($"consume ends: the model could not be fetched from the storage ({e.GetType().Name}); check that it can be reached.");
            return ExitCodes.Failure;
        }
        finally
        {
            told.End(signals.Stopping.IsCancellationRequested ? options.LastWords : TimeSpan.MaxValue);
        }
    }

    private static string CacheFolder() =>
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "ctseg", "models");
}
