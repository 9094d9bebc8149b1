using System.Runtime.InteropServices;

namespace CtSeg.Processes;

/// <summary>
/// Ties a child process to the one that started it: the parent holds the child's standard input open, and the child
/// ends when it closes, however the parent died. Active only where the parent asks for it.
/// </summary>
public static class ParentLifeline
{
    /// <summary>Set to <c>1</c> by a parent that holds the child's standard input open.</summary>
    public const string EnvironmentVariable = "CTSEG_EXIT_WITH_STDIN";

    public static bool IsRequested => Environment.GetEnvironmentVariable(EnvironmentVariable) == "1";

    /// <summary>
    /// Calls <paramref name="onParentGone"/> once standard input ends. Ctrl-C in a terminal reaches the whole process
    /// group; from here on this process leaves it to the parent, which decides the order of stopping.
    /// </summary>
    /// <returns>Keep it as long as the process lives; null when no parent asked.</returns>
    public static IDisposable? Watch(Action onParentGone)
    {
        if (!IsRequested)
            return null;
        var interrupts = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        var input = Console.OpenStandardInput();
        new Thread(() => WaitForEnd(input, onParentGone)) { IsBackground = true, Name = "parent lifeline" }.Start();
        return interrupts;
    }

    private static void WaitForEnd(Stream input, Action onParentGone)
    {
        var buffer = new byte[16];
        try
        {
            while (input.Read(buffer) > 0)
            {
            }
        }
        catch (IOException)
        {
            // A broken pipe says the same as its end.
        }
        onParentGone();
    }
}
