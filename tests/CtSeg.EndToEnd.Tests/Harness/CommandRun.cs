using System.Collections.Concurrent;
using System.Diagnostics;
using CtSeg.Local.Stack;

namespace CtSeg.EndToEnd.Tests.Harness;

/// <summary>A program run as a user runs it.</summary>
internal sealed class CommandRun : IDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();

    /// <summary><c>ctseg-local</c>.</summary>
    public CommandRun(params string[] arguments)
        : this(Checkout.Find().LocalProgram, arguments, new Dictionary<string, string>())
    {
    }

    private CommandRun(string program, string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary><c>ctseg-job</c>.</summary>
    /// <param name="stack">Whose storage and Service Bus it works on; none where null.</param>
    public static CommandRun OfJob(LocalStack? stack, params string[] arguments) =>
        new(Checkout.Find().JobProgram, arguments, stack?.Connections() ?? []);

    public int Id => _process.Id;

    public IReadOnlyList<string> Output => [.. _output];

    public Task SeesAsync(string text, TimeSpan? deadline = null) => Eventually.HoldsAsync(
        () => Task.FromResult(_output.Any(line => line.Contains(text, StringComparison.Ordinal)) || (_process.HasExited ? throw new TimeoutException(Said()) : false)),
        () => $"Never printed '{text}': {Said()}",
        deadline);

    /// <returns>The exit code.</returns>
    public async Task<int> EndAsync(TimeSpan? deadline = null)
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(deadline ?? Eventually.Deadline, TimeProvider.System);
        return _process.ExitCode;
    }

    public void Kill() => _process.Kill();

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    public string Said() => string.Join(Environment.NewLine, _output);

    private void Keep(string? line)
    {
        if (line is not null)
            _output.Enqueue(line);
    }
}
