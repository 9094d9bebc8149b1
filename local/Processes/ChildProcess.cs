using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using CtSeg.Processes;

namespace CtSeg.Local.Processes;

/// <summary>What to start.</summary>
/// <param name="Name">As messages to people call it.</param>
/// <param name="LogFile">Takes standard output and standard error; appended to.</param>
internal sealed record ChildCommand(string Name, string FileName, IReadOnlyList<string> Arguments, string LogFile)
{
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
    public string? WorkingDirectory { get; init; }
}

/// <summary>
/// A running child whose output goes to a log file. It ends with this process, even if this process is killed: its
/// standard input is held open here (<see cref="ParentLifeline"/>).
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const string SetSid = "/usr/bin/setsid";

    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Action<ChildProcess, string>? _onLine;
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _copying;

    private ChildProcess(ChildCommand command, Process process, StreamWriter log, Action<ChildProcess, string>? onLine)
    {
        Command = command;
        _process = process;
        _log = log;
        _onLine = onLine;
        Id = process.Id;
        _copying = Task.WhenAll(CopyAsync(process.StandardOutput), CopyAsync(process.StandardError));
        _ = FinishAsync();
    }

    public ChildCommand Command { get; }

    public int Id { get; }

    /// <summary>Ends with the exit code once the process is gone and its output is in the log.</summary>
    public Task<int> Exited => _exited.Task;

    /// <param name="onLine">Called with the child for every line of its output, from two threads.</param>
    /// <exception cref="StartFailedException">The program is missing or cannot be run.</exception>
    public static ChildProcess Start(ChildCommand command, Action<ChildProcess, string>? onLine = null)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (Path.IsPathRooted(command.FileName) && !File.Exists(command.FileName))
            throw new StartFailedException($"{command.Name} is not there: {command.FileName}. Run ./ctseg, which builds what is missing.");
        var start = new ProcessStartInfo(command.FileName, command.Arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = command.WorkingDirectory ?? string.Empty,
        };
        // A session of its own, which it leads (setsid(1) is replaced by it, so the process id stays): Ctrl-C in the terminal reaches only this program, which
        // stops the others in order.
        if (File.Exists(SetSid))
        {
            start.ArgumentList.Insert(0, start.FileName);
            start.FileName = SetSid;
        }
        start.Environment[ParentLifeline.EnvironmentVariable] = "1";
        if (!start.Environment.ContainsKey("DOTNET_ROOT"))
            start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        foreach (var (name, value) in command.Environment)
            start.Environment[name] = value;
        Directory.CreateDirectory(Path.GetDirectoryName(command.LogFile)!);
        try
        {
            var process = Process.Start(start) ?? throw new StartFailedException($"{command.Name} did not start.");
            return new ChildProcess(command, process, OpenLog(command.LogFile), onLine);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new StartFailedException($"{command.Name} could not be started from {command.FileName}: {e.Message}. Run ./ctseg, which builds what is missing.", e);
        }
    }

    /// <summary>From now on it leaves the cores to others first.</summary>
    public void GiveWay() => Priorities.Lower(Id);

    /// <summary>Ends the process at once (SIGKILL).</summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: false);
        }
        catch (InvalidOperationException)
        {
            // It is gone already.
        }
    }

    /// <summary>Asks the process to end (SIGTERM), waits, and ends it at once when it does not.</summary>
    public async Task StopAsync(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!Exited.IsCompleted)
            Signals.Terminate(Id);
        try
        {
            await Exited.WaitAsync(patience, time, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            Kill();
            await Exited;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await Exited;
    }

    private static StreamWriter OpenLog(string path) =>
        new(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite), new UTF8Encoding(false)) { AutoFlush = true };

    private async Task CopyAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_log)
                _log.WriteLine(line);
            _onLine?.Invoke(this, line);
        }
    }

    private async Task FinishAsync()
    {
        await _process.WaitForExitAsync();
        await _copying;
        var code = _process.ExitCode;
        await _log.DisposeAsync();
        _process.Dispose();
        _exited.SetResult(code);
    }
}

/// <summary>A child could not be started; the message says which and why.</summary>
public sealed class StartFailedException : Exception
{
    public StartFailedException() { }
    public StartFailedException(string message) : base(message) { }
    public StartFailedException(string message, Exception innerException) : base(message, innerException) { }
}
