using System.CommandLine;
using System.Globalization;
using CtSeg.Models;
using CtSeg.ServiceBus;
using CtSeg.Telemetry;
using CtSeg.TrainingJob.Inference;

namespace CtSeg.TrainingJob.Retraining;

/// <summary><c>ctseg-job retrain</c>.</summary>
internal static class RetrainCommand
{
    private const string Description = """
        Retrains the model as it is asked for, and ends when nobody asks any more.

        A run goes on where it was killed, on this machine or another. Ctrl-C or SIGTERM stops it at the next step of the training and gives it back.
        It leaves the cores to other programs first. Connections as for consume.

        ModelSigningKey (environment) is the private key that new models are signed with, or a file with it, as 'models keygen' writes it. Where
        TrustedModelKeys is set and it is not, nightly runs are skipped; the model of a run that was asked for is trained, refused, and waits to be
        signed ('models sign') and promoted by hand.

        Examples:
          ctseg-job retrain
          ctseg-job retrain --once
          ctseg-job retrain --idle-seconds 3600
        """;

    // After SIGTERM there is not much time left.
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private static readonly Option<double> Idle = Seconds("--idle-seconds", 60, 0.1, 31_536_000, "Ends after so long without a request.");
    private static readonly Option<double> MaxWait = Seconds("--max-wait", 30, 0.1, 600, "Seconds of one wait for requests.");
    private static readonly Option<double> Beat = Seconds("--beat-seconds", 30, 0.1, 600, "A run in work is marked as such so often.");
    private static readonly Option<double> Stale = Seconds("--stale-seconds", 120, 0.5, 3_600, "A run whose mark is older is taken over; several beats long.");
    private static readonly Option<bool> Once = new("--once") { Description = "Ends after one request." };
    private static readonly Option<int?> ThreadCount = Threads.CreateOption();
    private static readonly Option<string> Device = ComputeDevice.CreateOption();

    /// <remarks>
    /// Invoke it with <see cref="InvocationConfiguration.ProcessTerminationTimeout"/> null: signals are handled here.
    /// </remarks>
    public static Command Create()
    {
        var command = new Command("retrain", Description) { Idle, MaxWait, Beat, Stale, Once, ThreadCount, Device };
        command.Validators.Add(result =>
        {
            if (result.GetValue(Stale) < 2 * result.GetValue(Beat))
                result.AddError($"{Stale.Name} must be at least two beats ({Beat.Name}): a job that lives would lose its run.");
        });
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        var connections = JobConnections.Find(needsServiceBus: true, out var problems);
        var keys = ModelKeySettings.Read(Environment.GetEnvironmentVariable, signs: true, out var unusable);
        var telemetry = TelemetrySettings.Read(Environment.GetEnvironmentVariable, out var wrong);
        if (connections is null || unusable.Count > 0 || wrong.Count > 0)
        {
            await Console.Error.WriteLineAsync($"retrain cannot start: {string.Join(" ", problems.Concat(unusable).Concat(wrong))}");
            return ExitCodes.Usage;
        }
        var limits = new RetrainLimits
        {
            Idle = TimeSpan.FromSeconds(parsed.GetValue(Idle)),
            MaxWait = TimeSpan.FromSeconds(parsed.GetValue(MaxWait)),
            BeatEvery = TimeSpan.FromSeconds(parsed.GetValue(Beat)),
            StaleAfter = TimeSpan.FromSeconds(parsed.GetValue(Stale)),
            Once = parsed.GetValue(Once),
        };
        using var signals = new StopSignals();
        LowPriority.Take();
        Threads.Fix(parsed.GetValue(ThreadCount));
        var told = JobTelemetry.Start(telemetry, TelemetryNames.RetrainingService);
        try
        {
            ComputeDevice.Fix(parsed.GetValue(Device)!);
            var storage = connections.OpenStorage();
            await using var bus = connections.OpenServiceBus()!;
            using var logs = told.CreateLogs();
            await new RetrainSession(storage, bus, limits, TimeProvider.System, logs) { Trusted = keys.Trusted, Key = keys.Signing }.RunAsync(signals.Stopping);
            return ExitCodes.Success;
        }
        catch (OperationCanceledException) when (signals.Stopping.IsCancellationRequested)
        {
            return ExitCodes.Success;
        }
        catch (Exception e) when (e is ServiceBusException or FormatException or DeviceUnavailableException or UntrustedModelException)
        {
            await Console.Error.WriteLineAsync($"retrain ends: {e.Message}");
            return ExitCodes.Failure;
        }
        finally
        {
            told.End(LastWords);
        }
    }

    private static Option<double> Seconds(string name, double unless, double least, double most, string description)
    {
        var option = new Option<double>(name) { Description = description, DefaultValueFactory = _ => unless };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<double>() is var value && !(value >= least && value <= most))
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; {least} to {most} seconds are possible."));
        });
        return option;
    }
}
