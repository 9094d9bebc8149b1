using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Threading.Channels;

namespace CtSeg.TrainingJob.Tests;

/// <summary>The job's program, run as a user runs it.</summary>
internal sealed class JobProcess : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);
    private readonly Process _process;
    private readonly Channel<string> _said = Channel.CreateUnbounded<string>();
    private readonly Task<string> _errors;

    public JobProcess(params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "ctseg-job.exe" : "ctseg-job");
        _process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        _errors = ReadErrorsAsync();
    }

    /// <summary>Waits for a line that begins so.</summary>
    public async Task SeesAsync(string start)
    {
        while (true)
        {
            var line = await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Deadline, TimeProvider.System);
            if (line is null)
                throw new InvalidOperationException($"The job ended without '{start}': {await _errors}");
            if (line.StartsWith(start, StringComparison.Ordinal))
                return;
        }
    }

    /// <summary>Waits for a line on standard error that begins so.</summary>
    public async Task SaysAsync(string start)
    {
        while (await _said.Reader.WaitToReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Deadline, TimeProvider.System))
        {
            if (_said.Reader.TryRead(out var line) && line.StartsWith(start, StringComparison.Ordinal))
                return;
        }
        throw new InvalidOperationException($"The job ended without '{start}': {await _errors}");
    }

    /// <returns>What it printed since it was last looked at; it must have succeeded.</returns>
    public async Task<string> EndsAsync()
    {
        var (exitCode, output, errors) = await EndsAnyhowAsync();
        exitCode.ShouldBe(0, errors);
        return output;
    }

    /// <returns>How it ended, what it printed since it was last looked at, and all that it said on standard error.</returns>
    public async Task<(int ExitCode, string Output, string Errors)> EndsAnyhowAsync()
    {
        var output = await _process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline, TimeProvider.System);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline, TimeProvider.System);
        return (_process.ExitCode, output, await _errors);
    }

    /// <summary>Asks it to end, as a system that shuts down does.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Ends it where it is: it cannot tidy up.</summary>
    public void Kill()
    {
        _process.HasExited.ShouldBeFalse();
        _process.Kill();
        _process.WaitForExit();
    }

    private async Task<string> ReadErrorsAsync()
    {
        var all = new StringBuilder();
        while (await _process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            all.AppendLine(line);
            _said.Writer.TryWrite(line);
        }
        _said.Writer.Complete();
        return all.ToString();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}
