using System.Diagnostics;

namespace CtSeg.TrainingJob.Tests;

/// <summary>The job's program, run as a user runs it.</summary>
internal sealed class JobProcess : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);
    private readonly Process _process;
    private readonly Task<string> _errors;

    public JobProcess(params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "ctseg-job.exe" : "ctseg-job");
        _process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        _errors = _process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
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

    /// <returns>What it printed since it was last looked at; it must have succeeded.</returns>
    public async Task<string> EndsAsync()
    {
        var output = await _process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline, TimeProvider.System);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline, TimeProvider.System);
        _process.ExitCode.ShouldBe(0, await _errors);
        return output;
    }

    /// <summary>Ends it where it is: it cannot tidy up.</summary>
    public void Kill()
    {
        _process.HasExited.ShouldBeFalse();
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}
