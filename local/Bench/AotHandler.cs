using System.Globalization;
using System.Runtime.InteropServices;
using CtSeg.Configuration;
using CtSeg.Local.Processes;
using CtSeg.Local.Stack;

namespace CtSeg.Local.Bench;

/// <summary>The handler as it is deployed: compiled ahead of time.</summary>
/// <param name="folder">Takes the program, what its compilation needs, and the logs.</param>
internal sealed class AotHandler(Checkout checkout, string folder, TimeProvider time)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private readonly string _output = Path.Combine(folder, "handler");

    public string Program => Path.Combine(_output, "ctseg-functions");

    public string PublishLog => Path.Combine(folder, "publish.log");

    /// <returns>The exit code of the publication.</returns>
    public async Task<int> PublishAsync(CancellationToken cancellationToken)
    {
        File.Delete(PublishLog);
        List<string> arguments =
        [
            "publish", Path.Combine(checkout.Root, "functions"), "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier,
            "-p:PublishAot=true", "-o", _output, "--nologo", "-nodeReuse:false", "--artifacts-path", Path.Combine(folder, "artifacts"),
        ];
        await using var publish = ChildProcess.Start(new ChildCommand("dotnet publish", "dotnet", arguments, PublishLog));
        return await publish.Exited.WaitAsync(cancellationToken);
    }

    /// <returns>The running program and its first answer.</returns>
    public Task<(ChildProcess Handler, string Answer)> StartAsync(CancellationToken cancellationToken)
    {
        var nowhere = new Dictionary<string, string>
        {
            [Contracts.Connections.Slices] = new StorageAccount(BlobPort: 1, QueuePort: 1).ConnectionString!,
            [Contracts.Connections.ServiceBus] = new ServiceBusNamespace(Port: 1, Key: "AAAA").ConnectionString!,
        };
        return StartAsync(nowhere, "", cancellationToken);
    }

    /// <param name="settings">Its connections; schedules are the usual ones.</param>
    /// <param name="path">Of the request whose answer is returned; empty for the one of the host.</param>
    public async Task<(ChildProcess Handler, string Answer)> StartAsync(IReadOnlyDictionary<string, string> settings, string path, CancellationToken cancellationToken)
    {
        var port = LoopbackPort.FindFree();
        var environment = new Dictionary<string, string>(settings)
        {
            ["FUNCTIONS_CUSTOMHANDLER_PORT"] = port.ToString(CultureInfo.InvariantCulture),
            ["FUNCTIONS_APP_ROOT_PATH"] = _output,
        };
        foreach (var schedule in SettingCatalogue.Schedules)
            environment[schedule.Name] = schedule.Default;
        var handler = ChildProcess.Start(new ChildCommand("The handler", Program, [], Path.Combine(folder, "handler.log"))
        {
            WorkingDirectory = _output,
            Environment = environment,
        });
        try
        {
            return (handler, await FirstAnswerAsync(new Uri($"http://127.0.0.1:{port}/{path}"), handler, cancellationToken));
        }
        catch
        {
            await handler.DisposeAsync();
            throw;
        }
    }

    // As the host probes: any answer counts.
    private async Task<string> FirstAnswerAsync(Uri address, ChildProcess handler, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = Deadline };
        for (var started = time.GetTimestamp(); time.GetElapsedTime(started) < Deadline && !handler.Exited.IsCompleted;)
        {
            try
            {
                using var answer = await http.GetAsync(address, cancellationToken);
                return await answer.Content.ReadAsStringAsync(cancellationToken);
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
                await Task.Delay(TimeSpan.FromMilliseconds(1), time, cancellationToken);
            }
        }
        throw new StartFailedException($"The handler did not answer; its log is {handler.Command.LogFile}");
    }
}
