using Spectre.Console;

namespace CtSeg.Local.Stack;

/// <summary>Starts a stack and shows that something is going on meanwhile.</summary>
internal static class StackStart
{
    public static async Task<LocalStack> RunAsync(StackOptions options, IAnsiConsole console, CancellationToken cancellationToken)
    {
        if (!console.Profile.Out.IsTerminal)
        {
            await console.Profile.Out.Writer.WriteLineAsync("Starting storage, Service Bus, functions and job.");
            return await LocalStack.StartAsync(options, progress: null, TimeProvider.System, cancellationToken);
        }
        return await console.Status().StartAsync("Starting", context => LocalStack.StartAsync(
            options, new Report(text => context.Status($"Starting {text}")), TimeProvider.System, cancellationToken));
    }

    private sealed class Report(Action<string> show) : IProgress<string>
    {
        void IProgress<string>.Report(string value) => show(value);
    }
}
