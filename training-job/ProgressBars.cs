using Spectre.Console;

namespace CtSeg.TrainingJob;

/// <summary>
/// Bars on a terminal, drawn again ten times a second. Spectre's own thread for this is not stopped when the work ends
/// before that thread has begun (0.57.2): it then writes to what is closed, which ends the process.
/// </summary>
internal static class ProgressBars
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    /// <param name="width">Of a bar, in characters.</param>
    public static T Show<T>(IAnsiConsole terminal, TimeProvider time, int width, Func<ProgressContext, T> work) => Bars(terminal, time, width).Start(context =>
    {
        using var drawing = new Drawing(context, time);
        return work(context);
    });

    /// <param name="width">Of a bar, in characters.</param>
    public static Task ShowAsync(IAnsiConsole terminal, TimeProvider time, int width, Func<ProgressContext, Task> work) => Bars(terminal, time, width).StartAsync(async context =>
    {
        using var drawing = new Drawing(context, time);
        await work(context);
    });

    private static Progress Bars(IAnsiConsole terminal, TimeProvider time, int width) => new Progress(terminal, time)
        .AutoRefresh(false)
        .Columns(new TaskDescriptionColumn(), new ProgressBarColumn { Width = width }, new PercentageColumn(), new RemainingTimeColumn());

    private sealed class Drawing : IDisposable
    {
        private readonly ProgressContext _context;
        private readonly Lock _lock = new();
        private readonly ITimer _timer;
        private bool _ended;

        public Drawing(ProgressContext context, TimeProvider time)
        {
            _context = context;
            _timer = time.CreateTimer(static self => ((Drawing)self!).Draw(), this, Period, Period);
        }

        // A call may be under way, or begin yet, when the timer is gone.
        public void Dispose()
        {
            _timer.Dispose();
            lock (_lock)
                _ended = true;
        }

        private void Draw()
        {
            // A terminal that takes nothing holds one call, not ten more a second.
            if (!_lock.TryEnter())
                return;
            try
            {
                if (!_ended)
                    _context.Refresh();
            }
            catch (IOException)
            {
                // The terminal is gone. On this thread that would end the process, and with it the work.
                _ended = true;
            }
            finally
            {
                _lock.Exit();
            }
        }
    }
}
