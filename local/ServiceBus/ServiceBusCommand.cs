using System.CommandLine;
using System.Runtime.InteropServices;
using CtSeg.Local.ServiceBus.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace CtSeg.Local.ServiceBus;

/// <summary>The verb <c>servicebus</c>: only the emulator, until it is stopped.</summary>
internal static class ServiceBusCommand
{
    /// <summary>For the key: every user of the machine can read a command line.</summary>
    public const string KeyVariable = "CTSEG_SERVICEBUS_KEY";
    private const int BadConfiguration = 2;
    private const int HighestPort = 65535;

    /// <param name="setting">Looks an environment variable up; null when it is not set.</param>
    public static Command Create(Func<string, string?> setting)
    {
        var port = new Option<int>("--port") { Description = "Port on 127.0.0.1; 0 takes a free one.", DefaultValueFactory = _ => 0, HelpName = "P" };
        var config = new Option<string>("--config") { Description = "Queues, in the format of Microsoft's Service Bus emulator.", Required = true, HelpName = "FILE" };
        var key = new Option<string?>("--key") { Description = $"Shared access key (or the environment variable {KeyVariable}, which other users cannot read); a random one if not given.", HelpName = "BASE64" };
        port.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > HighestPort)
                result.AddError($"--port must be between 0 and {HighestPort}: give a free port, or 0 to let one be chosen.");
        });
        key.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } value && !IsKey(value))
                result.AddError("--key is not base64: give for example the output of 'openssl rand -base64 32'.");
        });
        var command = new Command("servicebus", """
            Runs the Service Bus emulator alone, in memory, until it is stopped.

            Examples:
              ./ctseg servicebus --config queues.json
              CTSEG_SERVICEBUS_KEY=$(openssl rand -base64 32) ./ctseg servicebus --port 5672 --config queues.json

            A configuration:
              {"UserConfig":{"Namespaces":[{"Name":"local","Queues":[
                {"Name":"segmentation-requests","Properties":{"LockDuration":"PT30S","MaxDeliveryCount":5}}]}]}}
            """) { port, config, key };
        command.Validators.Add(result =>
        {
            if (result.GetValue(key) is null && KeyFrom(setting) is { } value && !IsKey(value))
                result.AddError($"{KeyVariable} is not base64: give for example the output of 'openssl rand -base64 32'.");
        });
        command.SetAction((result, cancellationToken) => RunAsync(
            result.GetValue(config)!, result.GetValue(port), result.GetValue(key) ?? KeyFrom(setting),
            result.InvocationConfiguration.Output, result.InvocationConfiguration.Error, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        string configPath, int port, string? key, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // Registered before the start so that no signal is missed; the process then ends by returning.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        await using var cancelled = cancellationToken.Register(() => stopped.TrySetResult());
        try
        {
            var config = await EmulatorConfig.LoadAsync(configPath, cancellationToken);
            await using var emulator = await ServiceBusEmulator.StartAsync(
                new ServiceBusEmulatorOptions(config) { Port = port, Key = key }, TimeProvider.System, NullLogger.Instance, cancellationToken);
            await output.WriteLineAsync(emulator.ConnectionString);
            await output.FlushAsync(CancellationToken.None);
            await stopped.Task;
            return 0;
        }
        catch (Exception e) when (e is EmulatorConfigException or ServiceBusEmulatorException)
        {
            await error.WriteLineAsync(e.Message);
            return BadConfiguration;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stopped.TrySetResult();
        }
    }

    private static string? KeyFrom(Func<string, string?> setting) => setting(KeyVariable) is { Length: > 0 } value ? value : null;

    private static bool IsKey(string value) => value.Length > 0 && Convert.TryFromBase64String(value, new byte[value.Length], out _);
}
