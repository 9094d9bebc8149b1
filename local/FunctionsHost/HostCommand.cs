using System.CommandLine;
using System.Runtime.InteropServices;
using CtSeg.ServiceBus;

namespace CtSeg.Local.FunctionsHost;

/// <summary>The verb <c>host</c>: runs a Functions app until SIGINT or SIGTERM.</summary>
internal static class HostCommand
{
    internal static Command Create(Func<HostConnection, IServiceBusClient>? serviceBus)
    {
        Option<DirectoryInfo> app = new("--app") { Description = "The folder of the published Functions app (host.json and one folder a function).", Required = true };
        Option<int> port = new("--port") { Description = "Port of the host on 127.0.0.1; 0 takes a free one.", DefaultValueFactory = _ => 0 };
        Option<int> polling = new("--blob-polling-ms") { Description = "Milliseconds between two listings of a blob trigger's container.", DefaultValueFactory = _ => 500 };
        Option<string?> key = new("--key") { Description = "Key of HTTP functions with authLevel function (or the environment variable CTSEG_FUNCTION_KEY)." };
        Option<FileInfo?> keyFile = new("--key-file") { Description = "A file with that key: arguments and variables of a process can be seen by others." };
        polling.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError("--blob-polling-ms must be at least 1.");
        });
        Command command = new("host", "Runs a Functions app with a custom handler on this machine.") { app, port, polling, key, keyFile };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string? inFile;
            try
            {
                inFile = ReadKey(parsed.GetValue(keyFile));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                await Console.Error.WriteLineAsync($"host: --key-file cannot be read ({e.Message}): give a file that holds the key.");
                return ExitCodes.Unusable;
            }
            FunctionsHostOptions options = new()
            {
                AppRoot = parsed.GetValue(app)!.FullName,
                Port = parsed.GetValue(port),
                BlobPollingInterval = TimeSpan.FromMilliseconds(parsed.GetValue(polling)),
                FunctionKey = parsed.GetValue(key) ?? inFile ?? Environment.GetEnvironmentVariable("CTSEG_FUNCTION_KEY"),
                ServiceBus = serviceBus,
            };
            return await RunAsync(options, Console.Out, Console.Error, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(FunctionsHostOptions options, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        using ILoggerFactory logging = LoggerFactory.Create(builder => builder
            .AddSimpleConsole(console => console.SingleLine = true)
            .AddFilter("Azure", LogLevel.Warning)
            .AddFilter("Microsoft", LogLevel.Warning));
        bool isChild = Environment.GetEnvironmentVariable("CTSEG_EXIT_WITH_STDIN") == "1";
        TaskCompletionSource stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            // Ctrl-C reaches the whole group: a child leaves it to its parent to end things in order.
            signal.Cancel = true;
            if (!isChild)
                stop.TrySetResult();
        });
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            stop.TrySetResult();
        });
        using CancellationTokenSource starting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task stopped = Task.WhenAny(isChild ? [stop.Task, EndOfInputAsync()] : [stop.Task]);
        _ = stopped.ContinueWith(_ => starting.Cancel(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            await using FunctionsHost host = await FunctionsHost.StartAsync(options, TimeProvider.System, logging, starting.Token);
            await output.WriteLineAsync($"host listening on {host.BaseAddress.GetLeftPart(UriPartial.Authority)}");
            await output.FlushAsync(CancellationToken.None);
            if (await Task.WhenAny(stopped, host.Completion) == host.Completion)
                await host.Completion;
            return 0;
        }
        catch (OperationCanceledException) when (starting.IsCancellationRequested)
        {
            return 0;
        }
        catch (FunctionAppException e)
        {
            await error.WriteLineAsync($"host: {e.Message}");
            return e.IsOfSettings ? ExitCodes.Unusable : ExitCodes.Failure;
        }
    }

    private static string? ReadKey(FileInfo? file) => file is null ? null : File.ReadAllText(file.FullName).Trim();

    private static async Task EndOfInputAsync()
    {
        await using Stream input = Console.OpenStandardInput();
        byte[] buffer = new byte[256];
        while (await input.ReadAsync(buffer) > 0)
        {
            // Nothing is expected; only the end counts.
        }
    }
}
