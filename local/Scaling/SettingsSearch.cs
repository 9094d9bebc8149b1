namespace CtSeg.Local.Scaling;

/// <summary>Settings on one hardware.</summary>
/// <param name="Ordinary">An ordinary day.</param>
/// <param name="WithBacklog">The same day, and one hospital uploads old studies; null where it was not tried.</param>
internal sealed record Trial(DayFigures Ordinary, DayFigures? WithBacklog)
{
    /// <summary>The rule's conditions for the ordinary day.</summary>
    public bool IsFastAlone => Ordinary.All is { } all && all.P50 <= SettingsSearch.HalfBar && all.P95 <= SettingsSearch.OrdinaryBar;

    /// <summary>All its conditions.</summary>
    public bool IsFastEnough => IsFastAlone && WithBacklog?.Fresh?.P95 <= SettingsSearch.BacklogBar;
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
/// <param name="others">What is not searched for.</param>
internal sealed class SettingsSearch(
    ArrivalPattern pattern, IReadOnlyList<Hardware> hardware, JobSettings others, ServiceTimes times, PriceList prices, int seed)
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

    private readonly Day _ordinary = new(pattern with { Backlog = 0 }, seed);
    private readonly Day _backlog = new(pattern with { Backlog = pattern.Backlog > 0 ? pattern.Backlog : DefaultBacklog }, seed);

    /// <returns>All settings; with the backlog those of them that may be chosen.</returns>
    public IReadOnlyList<Candidate> Try(CancellationToken cancellationToken)
    {
        Candidate[] tried = [.. Families().AsParallel().AsOrdered().WithCancellation(cancellationToken).SelectMany(Alone)];
        var cheapest = double.PositiveInfinity;
        foreach (var (index, candidate) in tried.Index().Where(one => one.Item.Trials.All(trial => trial.IsFastAlone)).OrderBy(one => one.Item.Cost).ToList())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (candidate.Cost > cheapest * AsCheap)
                break;
            tried[index] = BesideBacklog(candidate);
            if (tried[index].IsFastEnough)
                cheapest = Math.Min(cheapest, candidate.Cost);
        }
        return tried;
    }

    /// <returns>The same, tried with the backlog too.</returns>
    public Candidate BesideBacklog(Candidate candidate) => candidate with
    {
        Trials = [.. candidate.Trials.Select(trial => trial with { WithBacklog = trial.WithBacklog ?? _backlog.Run(trial.Ordinary.Hardware, candidate.Settings, times) })],
    };

    /// <returns>One candidate for each number of executions at most.</returns>
    private IReadOnlyList<Candidate> Alone(JobSettings family)
    {
        var byMost = hardware.Select(machine => OrdinaryDays(machine, family)).ToList();
        return [.. MaxExecutions.Select((most, index) => new Candidate(
            family with { MaxExecutions = most },
            [.. byMost.Select(days => new Trial(days[index], null))],
            byMost.Sum(days => days[index].CostPerThousand(prices))))];
    }

    private List<DayFigures> OrdinaryDays(Hardware machine, JobSettings family)
    {
        List<DayFigures> days = [];
        foreach (var most in MaxExecutions)
        {
            var settings = family with { MaxExecutions = most };
            // A limit that was never reached may be any higher one.
            days.Add(days.Count > 0 && days[^1].MostExecutions < days[^1].Settings.MaxExecutions
                ? days[^1] with { Settings = settings }
                : _ordinary.Run(machine, settings, times));
        }
        return days;
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

    /// <returns>All settings but the number of executions.</returns>
    private IEnumerable<JobSettings> Families() =>
        from messages in MessagesPerExecution
        from batch in Batches
        from idle in IdleSeconds
        select others with { MessagesPerExecution = messages, Batch = batch, IdleSeconds = idle };

    /// <summary>One day, drawn and taken in once for all settings.</summary>
    private sealed class Day(ArrivalPattern pattern, int seed)
    {
        private readonly IntakeOutcome _intake = new IntakePool().Take(pattern.Draw(seed));

        public DayFigures Run(Hardware machine, JobSettings settings, ServiceTimes times) => DayFigures.Run(pattern, _intake, machine, settings, times, seed);
    }
}
