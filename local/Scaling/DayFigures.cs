namespace CtSeg.Local.Scaling;

/// <summary>What one simulated day comes to.</summary>
/// <param name="Backlog">Slices of old studies among them.</param>
/// <param name="All">Null for a day without a slice, as the next two for one without such slices.</param>
/// <param name="Fresh">Of slices that no backlog brought.</param>
/// <param name="MostExecutions">At the same time.</param>
/// <param name="BilledSeconds">Of all executions, from the scaler's decision to the end of the clean-up.</param>
/// <param name="Utilisation">Share of them in which slices were segmented.</param>
/// <param name="DeepestQueue">Messages waiting, those under lock not counted.</param>
/// <param name="PeakPerSecond">Slices uploaded a second, in the busiest minute by the clock.</param>
/// <param name="FunctionInstances">At the same time.</param>
/// <param name="EndsAt">When the last execution was gone, seconds since midnight.</param>
/// <param name="Reconciled">What asking again for scans without a result came to.</param>
internal sealed record DayFigures(
    int Hospitals, Hardware Hardware, JobSettings Settings, int Slices, int Backlog, Latencies? All, Latencies? Fresh, Latencies? Emergencies, int Executions,
    int MostExecutions, double BilledSeconds, double Utilisation, int DeepestQueue, int Redelivered, int DeadLettered, double PeakPerSecond,
    int FunctionInstances, double EndsAt, Reconciled Reconciled)
{
    public double BilledSecondsPerThousand => Slices == 0 ? 0 : BilledSeconds / Slices * 1000;

    /// <returns>Of the segmentation job alone.</returns>
    public double CostPerThousand(PriceList prices) => BilledSecondsPerThousand * prices.SecondOf(Hardware);

    /// <returns>Of all that asking again brought about.</returns>
    public double CostOfAskingAgain(PriceList prices) => SliceFootprint.CostOfRepeats(Reconciled, prices) + Reconciled.SpareSeconds * prices.SecondOf(Hardware);

    public static DayFigures Run(ArrivalPattern pattern, Hardware hardware, JobSettings settings, ServiceTimes times, int seed) =>
        Run(pattern, new IntakePool().Take(pattern.Draw(seed)), hardware, settings, times, seed);

    /// <summary>For a day whose uploads were taken in before: that does not depend on the job.</summary>
    public static DayFigures Run(ArrivalPattern pattern, IntakeOutcome intake, Hardware hardware, JobSettings settings, ServiceTimes times, int seed)
    {
        var messages = intake.Messages;
        var outcome = JobSimulation.Run(messages, hardware, settings, times, seed);
        var all = outcome.LatenciesOf(messages);
        return new DayFigures(
            pattern.Hospitals, hardware, settings, messages.Count, pattern.Backlog,
            all,
            pattern.Backlog == 0 ? all : outcome.LatenciesOf(messages, kind => kind != StudyKind.Backlog),
            outcome.LatenciesOf(messages, kind => kind == StudyKind.Emergency),
            outcome.Executions, outcome.MostExecutions, outcome.BilledSeconds, outcome.Utilisation, outcome.DeepestQueue, outcome.Redelivered,
            outcome.DeadLettered, intake.PeakPerSecond, intake.MostInstances, outcome.EndsAt, outcome.Reconciled);
    }
}
