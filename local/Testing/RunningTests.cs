using System.Collections.Concurrent;
using System.Globalization;
using Spectre.Console;

namespace CtSeg.Local.Testing;

/// <summary>The programs that run at the moment, shown on a terminal with their seconds.</summary>
internal sealed class RunningTests(IAnsiConsole console, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, long> _started = new(StringComparer.Ordinal);

    public async Task<TestOutcome> WatchAsync(TestProgram program, Task<TestOutcome> run)
    {
        _started[program.Name] = time.GetTimestamp();
        try
        {
            return await run;
        }
        finally
        {
            _started.TryRemove(program.Name, out _);
        }
    }

    public async Task ShowWhileAsync(Func<Task> work)
    {
        if (!console.Profile.Out.IsTerminal)
        {
            await work();
            return;
        }
        await console.Status().StartAsync("Testing", async context =>
        {
            var working = work();
            while (!working.IsCompleted)
            {
                context.Status(Line());
                await Task.WhenAny(working, Task.Delay(TimeSpan.FromSeconds(1), time));
            }
            await working;
        });
    }

    /// <summary>A line above the seconds; in a pipe as it is, however long.</summary>
    public void Write(string line)
    {
        if (console.Profile.Out.IsTerminal)
            console.WriteLine(line);
        else
            console.Profile.Out.Writer.WriteLine(line);
    }

    private string Line() => string.Join(", ", _started.OrderBy(program => program.Value)
        .Select(program => string.Create(CultureInfo.InvariantCulture, $"{program.Key} {time.GetElapsedTime(program.Value).TotalSeconds:0} s")));
}
