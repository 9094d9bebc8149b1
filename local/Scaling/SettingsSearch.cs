namespace CtSeg.Local.Scaling;

/// <summary>Settings on one hardware.</summary>
/// <param name="Ordinary">An ordinary day.</param>
/// <param name="WithBacklog">The same day, and one hospital uploads old studies.</param>
internal sealed record Trial(DayFigures Ordinary, DayFigures WithBacklog)
{
    /// <summary>The rule's conditions.</summary>
    public bool IsFastEnough =>
        Ordinary.All is { } all && all.P50 <= SettingsSearch.HalfBar && all.P95 <= SettingsSearch.OrdinaryBar
        && WithBacklog.Fresh!.P95 <= SettingsSearch.BacklogBar;
}

/// <summary>One choice of settings, as the rule sees it.</summary>
/// <param name="Trials">One for each hardware.</param>
/// <param name="Cost">Of 1,000 slices of the ordinary day, on all hardware together.</param>
internal sealed record Candidate(JobSettings Settings, IReadOnlyList<Trial> Trials, double Cost)
{
    public bool IsFastEnough => Trials.All(trial => trial.IsFastEnough);
}

/// <summary>
/// Tries settings and chooses by a rule. On every hardware: on an ordinary day half of the results within fifteen seconds and 95 of 100 within
/// five minutes, on a day with a backlog 95 of 100 of the other results within fifteen minutes. Of those the cheapest on the ordinary day; of
/// those within one per cent of it the one with the fewest executions at once, then that with the smallest batch, the shortest idle time and the
/// most messages for an execution.
/// </summary>
internal sealed class SettingsSearch(ArrivalPattern pattern, IReadOnlyList<Hardware> hardware, ServiceTimes times, PriceList prices, int seed)
{
    /// <value>Seconds.</value>
    public const double HalfBar = 15;

    /// <value>Seconds.</value>
    public const double OrdinaryBar = 300;

    /// <value>Seconds.</value>
    public const double BacklogBar = 900;

    /// <value>Slices of the backlog, where the pattern has none.</value>
    public const int DefaultBacklog = 20_000;

    private const double AsCheap = 1.01;

    public static IReadOnlyList<int> MessagesPerExecution { get; } = [32, 64, 128, 256, 512];

    /// <value>From twice what an execution has in work: with a smaller batch the next receipt would have to be waited for.</value>
    public static IReadOnlyList<int> Batches { get; } = [8, 16, 32];

    public static IReadOnlyList<double> IdleSeconds { get; } = [10, 30, 60, 90, 120, 300];
    public static IReadOnlyList<int> MaxExecutions { get; } = [1, 2, 4, 8, 16];

    /// <returns>All that were tried.</returns>
    public IReadOnlyList<Candidate> Try(CancellationToken cancellationToken)
    {
        var ordinary = pattern with { Backlog = 0 };
        var backlog = pattern with { Backlog = pattern.Backlog > 0 ? pattern.Backlog : DefaultBacklog };
        var (ordinaryIntake, backlogIntake) = (new IntakePool().Take(ordinary.Draw(seed)), new IntakePool().Take(backlog.Draw(seed)));
        return [.. Grid().AsParallel().AsOrdered().WithCancellation(cancellationToken).Select(settings =>
        {
            Trial[] trials = [.. hardware.Select(machine => new Trial(
                DayFigures.Run(ordinary, ordinaryIntake, machine, settings, times, seed),
                DayFigures.Run(backlog, backlogIntake, machine, settings, times, seed)))];
            return new Candidate(settings, trials, trials.Sum(trial => trial.Ordinary.CostPerThousand(prices)));
        })];
    }

    /// <returns>Null where nothing is fast enough.</returns>
    public static Candidate? Choose(IReadOnlyList<Candidate> candidates)
    {
        Candidate[] fast = [.. candidates.Where(candidate => candidate.IsFastEnough)];
        if (fast.Length == 0)
            return null;
        var cheapest = fast.Min(candidate => candidate.Cost);
        return fast.Where(candidate => candidate.Cost <= cheapest * AsCheap)
            .OrderBy(candidate => candidate.Settings.MaxExecutions)
            .ThenBy(candidate => candidate.Settings.Batch)
            .ThenBy(candidate => candidate.Settings.IdleSeconds)
            .ThenByDescending(candidate => candidate.Settings.MessagesPerExecution)
            .First();
    }

    /// <returns>How many steps of the grid lie between two settings, over all of them.</returns>
    public static int StepsBetween(JobSettings one, JobSettings other) =>
        Steps(MessagesPerExecution, one.MessagesPerExecution, other.MessagesPerExecution)
        + Steps(Batches, one.Batch, other.Batch)
        + Steps(IdleSeconds, one.IdleSeconds, other.IdleSeconds)
        + Steps(MaxExecutions, one.MaxExecutions, other.MaxExecutions);

    private static int Steps<T>(IReadOnlyList<T> values, T one, T other) where T : IEquatable<T> =>
        Math.Abs(values.TakeWhile(value => !value.Equals(one)).Count() - values.TakeWhile(value => !value.Equals(other)).Count());

    private static IEnumerable<JobSettings> Grid() =>
        from messages in MessagesPerExecution
        from batch in Batches
        from idle in IdleSeconds
        from most in MaxExecutions
        select JobSettings.Default with { MessagesPerExecution = messages, Batch = batch, IdleSeconds = idle, MaxExecutions = most };
}
