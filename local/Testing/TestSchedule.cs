namespace CtSeg.Local.Testing;

/// <summary>
/// Which test programs run beside each other: two at a time, the longest first, because most of them keep one core busy and
/// no more. The end-to-end tests start whole stacks, and the slow ones measure their rates: they run last and alone.
/// </summary>
internal static class TestSchedule
{
    private const int Lanes = 2;
    private const string EndToEnd = "CtSeg.EndToEnd.Tests";
    private static readonly string[] LongestFirst = ["CtSeg.TrainingJob.Tests", "CtSeg.Infrastructure.Tests", "CtSeg.Shared.Tests"];

    /// <summary>Runs every program once and gives their outcomes as they end.</summary>
    public static async IAsyncEnumerable<TestOutcome> RunAsync(IEnumerable<TestProgram> programs, Func<TestProgram, Task<TestOutcome>> run)
    {
        var beside = programs.ToLookup(program => program.Name != EndToEnd);
        var waiting = new Queue<TestProgram>(beside[true].OrderBy(Rank));
        var running = new List<Task<TestOutcome>>();
        try
        {
            while (running.Count + waiting.Count > 0)
            {
                while (running.Count < Lanes && waiting.TryDequeue(out var program))
                    running.Add(run(program));
                var ended = await Task.WhenAny(running);
                running.Remove(ended);
                yield return await ended;
            }
        }
        finally
        {
            // Nobody leaves while a program of theirs still runs.
            await ((Task)Task.WhenAll(running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        foreach (var program in beside[false])
            yield return await run(program);
    }

    // Those that are not named keep their order after those that are.
    private static int Rank(TestProgram program) => Array.IndexOf(LongestFirst, program.Name) is >= 0 and var at ? at : LongestFirst.Length;
}
