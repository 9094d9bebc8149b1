using CtSeg.Models;
using CtSeg.TrainingJob.Reports;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>How a run ends; or where it stands, for the report of one that waits for its shadow.</summary>
/// <param name="State">From <see cref="TrainingRunState.Promoted"/> on, or <see cref="TrainingRunState.Shadowing"/>.</param>
/// <param name="Reason">One sentence, without names of slices or groups.</param>
internal sealed record RunVerdict(TrainingRunState State, string Reason)
{
    /// <value>Null where nothing was compared.</value>
    public Judgement? Judgement { get; init; }

    /// <value>Null where nothing was prepared.</value>
    public DataChanges? Data { get; init; }
}

/// <summary>A decision with what the report shows of it.</summary>
internal sealed record Judgement(PromotionDecision Decision, IReadOnlyList<GroupScores> Groups, IReadOnlyList<ReportCase> WorstCases);

/// <summary>Compares champion and challenger on the locked slices that neither has learnt from, and decides.</summary>
internal interface IChallengerJudge
{
    /// <param name="champion">In use now.</param>
    /// <param name="run">Names the data and the terms.</param>
    /// <param name="shadow">What the challenger's shadow saw; null where none was asked for, or it comes later.</param>
    Task<Judgement> JudgeAsync(
        ServedModel champion, ServedModel challenger, TrainingRunStatus run, (ShadowTerms Terms, ShadowSummary Seen)? shadow, CancellationToken cancellationToken);
}

/// <summary>The run cannot come to a decision, now or at another try; the message is its reason.</summary>
internal sealed class RunFailedException(string message, Exception? innerException = null) : Exception(message, innerException);
