namespace CtSeg.Local.Scaling;

/// <summary>Seconds from upload to result.</summary>
internal sealed record Latencies(double P50, double P95, double P99, double Longest)
{
    /// <summary>Nearest rank; null for none.</summary>
    public static Latencies? Of(IEnumerable<double> seconds)
    {
        double[] sorted = [.. seconds];
        Array.Sort(sorted);
        return sorted.Length == 0 ? null : new Latencies(At(sorted, 0.50), At(sorted, 0.95), At(sorted, 0.99), sorted[^1]);
    }

    private static double At(double[] sorted, double share) => sorted[(int)Math.Ceiling(share * sorted.Length) - 1];
}

/// <summary>What became of the messages of one day.</summary>
/// <param name="ResultAt">For each scan the second at which its result was stored; NaN where it was dead-lettered or given up.</param>
/// <param name="Executions">That were started.</param>
/// <param name="MostExecutions">At the same time.</param>
/// <param name="BilledSeconds">Of all executions, from the scaler's decision to the end of the clean-up.</param>
/// <param name="WorkedSeconds">Of them, in which slices were segmented, repeated attempts included.</param>
/// <param name="DeepestQueue">Messages waiting, those under lock not counted.</param>
/// <param name="Attempts">Deliveries that were worked on.</param>
/// <param name="Redelivered">Messages that came again, once for each time.</param>
/// <param name="DeadLettered">Scans that ended so.</param>
/// <param name="EndsAt">When the last execution was gone.</param>
internal sealed record DayOutcome(
    IReadOnlyList<double> ResultAt,
    int Executions,
    int MostExecutions,
    double BilledSeconds,
    double WorkedSeconds,
    int DeepestQueue,
    int Attempts,
    int Redelivered,
    int DeadLettered,
    double EndsAt)
{
    public required Reconciled Reconciled { get; init; }

    public double Utilisation => BilledSeconds > 0 ? WorkedSeconds / BilledSeconds : 0;

    /// <param name="which">Which messages count; all where it is null.</param>
    public Latencies? LatenciesOf(IReadOnlyList<QueuedSlice> messages, Func<StudyKind, bool>? which = null) =>
        Latencies.Of(messages.Zip(ResultAt)
            .Where(pair => !double.IsNaN(pair.Second) && which?.Invoke(pair.First.Kind) != false)
            .Select(pair => pair.Second - pair.First.UploadedAt));
}
