namespace CtSeg.Local.Scaling;

/// <summary>Times and mishaps of Container Apps and Service Bus that nobody here can set.</summary>
internal sealed record ServiceTimes
{
    /// <value>
    /// From the scaler's decision to the start of the program: the replica placed, its image pulled; 40 s. With the clean-up it is the 47 s that
    /// users report for a job's execution; how they divide is assumed.
    /// </value>
    public double StartSeconds { get; init; } = 40;

    /// <value>From the end of the program until the execution no longer counts; 7 s.</value>
    public double CleanUpSeconds { get; init; } = 7;

    /// <value>Of one receipt of messages; 0.05 s, assumed.</value>
    public double ReceiveSeconds { get; init; } = 0.05;

    /// <value>From a mask to the result in storage; 0.15 s, assumed. The next slice does not wait for it.</value>
    public double StoreSeconds { get; init; } = 0.15;

    /// <value>Of a message whose scan has ended: status and metrics are read and the end is told again; 0.02 s, assumed.</value>
    public double EndedSeconds { get; init; } = 0.02;

    /// <value>Share of attempts that fail and are tried again after a pause; 0.</value>
    public double FailedAttempts { get; init; }

    /// <value>Executions killed without a word, for each hour that one runs; 0.</value>
    public double KillsPerHour { get; init; }
}
