namespace CtSeg.Local.Testing;

/// <summary>
/// Which test programs run beside each other: two at a time, the longest first, because most of them keep one core busy and
/// no more. The end-to-end tests start whole stacks, and the slow ones measure their rates: they run last and alone.
/// </summary>
internal static class TestSchedule
{
    private const int Lanes = 2;
    private const string EndToEnd = "CtSeg.EndToEnd.Tests";
    private const string TrainingJob = "CtSeg.TrainingJob.Tests";
    private static readonly string[] LongestFirst = [TrainingJob, "CtSeg.Infrastructure.Tests", "CtSeg.Shared.Tests"];

    // Tests of tensors run one after another in a process: two halves take half the time.
    private static readonly string[] HalfOfTrainingJob = ["Retraining", "Registry", "Letters", "Erasure"];

    /// <summary>Runs every program once and gives their outcomes as they end.</summary>
    public static async IAsyncEnumerable<TestOutcome> RunAsync(IEnumerable<TestProgram> programs, Func<TestProgram, Task<TestOutcome>> run)
    {
        var beside = programs.SelectMany(program => program.Name == TrainingJob ? program.Split(HalfOfTrainingJob) : [program])
            .ToLookup(program => program.Name != EndToEnd);
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
    private static int Rank(TestProgram program) =>
        Array.FindIndex(LongestFirst, name => program.Name.StartsWith(name, StringComparison.Ordinal)) is >= 0 and var at ? at : LongestFirst.Length;
}
