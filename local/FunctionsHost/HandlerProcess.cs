using System.ComponentModel;
using System.Diagnostics;

namespace CtSeg.Local.FunctionsHost;

/// <summary>The handler as a child process whose lines go to the host's log.</summary>
internal sealed class HandlerProcess : IHandlerProcess
{
    private readonly Process _process;
    private readonly TaskCompletionSource<string> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HandlerProcess(Process process, int port)
    {
        _process = process;
        Address = new Uri($"http://127.0.0.1:{port}");
    }

    public Uri Address { get; }

    public Task<string> Exited => _exited.Task;

    public int Id => _process.Id;

    /// <exception cref="FunctionAppException">The executable is missing or cannot be started.</exception>
    public static HandlerProcess Start(HandlerStart start, ILogger logger)
    {
        ProcessStartInfo info = new(FindExecutable(start))
        {
            WorkingDirectory = start.AppRoot,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (string argument in start.Arguments)
            info.ArgumentList.Add(argument);
        foreach ((string name, string value) in start.Environment)
            info.Environment[name] = value;

        // The host holds the other end of its standard input: when the host is gone, even by SIGKILL, the handler sees the end and leaves.
        info.Environment["CTSEG_EXIT_WITH_STDIN"] = "1";
        Process process = new() { StartInfo = info, EnableRaisingEvents = true };
        HandlerProcess handler = new(process, start.Port);
        process.OutputDataReceived += (_, line) => Forward(logger, line.Data);
        process.ErrorDataReceived += (_, line) => Forward(logger, line.Data);
        process.Exited += (_, _) => handler._exited.TrySetResult($"the handler exited with code {process.ExitCode}");
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            process.Dispose();
            throw new FunctionAppException($"The handler {info.FileName} cannot be started: {e.Message}", e);
        }

        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        HostLog.HandlerStarted(logger, process.Id, start.Port);
        return handler;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended already.
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static void Forward(ILogger logger, string? line)
    {
        if (line is not null)
            HostLog.HandlerLine(logger, line);
    }

    private static string FindExecutable(HandlerStart start)
    {
        string path = Path.Combine(start.AppRoot, start.ExecutablePath);
        string[] endings = OperatingSystem.IsWindows() ? ["", ".exe"] : [""];
        if (endings.Select(ending => path + ending).FirstOrDefault(File.Exists) is { } inRoot)
            return inRoot;

        // As the real host: a bare name that is not in the app root is looked up on the PATH (node, python, dotnet).
        bool isBare = Path.GetFileName(start.ExecutablePath) == start.ExecutablePath;
        string[] folders = isBare ? (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator) : [];
        return folders.SelectMany(folder => endings.Select(ending => Path.Combine(folder, start.ExecutablePath + ending))).FirstOrDefault(File.Exists)
            ?? throw new FunctionAppException($"The handler {path} does not exist: build or publish the app first (host.json names it in customHandler.description.defaultExecutablePath).");
    }
}
