namespace CtSeg.TrainingJob.Retraining;

/// <summary>How long the retraining job waits, and how often it says that it lives.</summary>
internal sealed record RetrainLimits
{
    /// <value>Ends after so long without a request; 60 s.</value>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(60);

    /// <value>Of one wait for messages; 30 s.</value>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <value>Between two beats of the run in work, and so between two looks whether it was cancelled; 30 s.</value>
    public TimeSpan BeatEvery { get; init; } = TimeSpan.FromSeconds(30);

    /// <value>A run whose beat is older may be taken over; 2 minutes, several beats.</value>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <value>Ends after one request.</value>
    public bool Once { get; init; }
}
