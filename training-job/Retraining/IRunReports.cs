namespace CtSeg.TrainingJob.Retraining;

/// <summary>Writes the report of a run, just before it ends, or waits for its shadow.</summary>
internal interface IRunReports
{
    /// <summary>A report that cannot be drawn keeps no run from its end.</summary>
    Task WriteAsync(OwnedRun run, RunVerdict verdict, CancellationToken cancellationToken);
}
