using CtSeg.Configuration;
using CtSeg.Recovery;

namespace CtSeg.Local.Scaling;

/// <summary>What infra-bicep/main.bicep and its segmentation job set; docs/scaling.md says why.</summary>
/// <param name="MessagesPerExecution">Messages for which the scaler wants one more execution (<c>messageCount</c>).</param>
/// <param name="Batch">Messages that an execution takes at a time.</param>
/// <param name="IdleSeconds">Time without a message after which an execution ends.</param>
/// <param name="MaxExecutions">Executions at the same time, at most.</param>
internal sealed record JobSettings(int MessagesPerExecution, int Batch, double IdleSeconds, int MaxExecutions)
{
    /// <value>Those of the template.</value>
    public static JobSettings Default { get; } = new(256, 8, 120, 4);

    /// <value>Between two looks of the scaler at the queue; 30 s.</value>
    public double PollingSeconds { get; init; } = 30;

    /// <value>Age at which an execution is ended in any case; six hours.</value>
    public double TimeoutSeconds { get; init; } = 21_600;

    /// <value>Time after which the messages of a killed execution come again; one minute.</value>
    public double LockSeconds { get; init; } = 60;

    /// <value>Deliveries after which a message is dead-lettered; 10.</value>
    public int MaxDeliveries { get; init; } = 10;

    /// <value>Between two looks at the scans without a result; five minutes.</value>
    public double ReconcileSeconds { get; init; } = 300;

    /// <value>When such a scan is asked for again and when it is given up; the defaults of the settings.</value>
    public ReconcilePolicy Reconcile { get; init; } = new(
        SettingCatalogue.ReconcileAfter.Unless!.Value, (int)SettingCatalogue.MaxAttempts.Unless!.Value, (int)SettingCatalogue.ReconcileBatch.Unless!.Value);

    /// <value>Time in which the job takes nothing of a scan before it is given up, at the least.</value>
    public double GivenUpAfterSeconds => Enumerable.Range(1, Reconcile.MaxAttempts).Sum(attempt => Reconcile.AgeOf(attempt).TotalSeconds);
}
