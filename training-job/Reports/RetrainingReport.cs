namespace CtSeg.TrainingJob.Reports;

/// <summary>The report of a run: one HTML file that needs nothing beside it, no script and no network.</summary>
internal static class RetrainingReport
{
    /// <summary>Of the worst cases, shown as pictures.</summary>
    public const int MaxCases = 10;
}
