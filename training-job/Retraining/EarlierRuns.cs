using CtSeg.Models;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>What the runs before came to.</summary>
internal sealed class EarlierRuns(ModelStore models, TrainingRunStore runs)
{
    // What an older run came to is forgotten, and its training tried again.
    private const int LookedAt = 500;

    /// <returns>
    /// A run that did the same and whose model was refused for what it is, or promoted and rolled back since. One that was refused for another reason, as that
    /// nobody signed it or that its shadow saw too little, tells nothing of the next. Null where there is none.
    /// </returns>
    public async Task<TrainingRunStatus?> FindSameAsync(TrainingRunStatus run, CancellationToken cancellationToken)
    {
        await foreach (var listing in runs.ListAsync(LookedAt, cancellationToken))
            if (listing.Run is { State: TrainingRunState.Refused or TrainingRunState.Promoted } before
                && before.DataSet == run.DataSet && before.EvaluationSet == run.EvaluationSet && before.Champion == run.Champion
                && TermsOf(before) == TermsOf(run) && (before.State == TrainingRunState.Promoted || await IsModelRefusedAsync(before, cancellationToken)))
                return before;
        return null;
    }

    private static TrainingRunRequest TermsOf(TrainingRunStatus run) => run.Request with { By = "", EvenWithoutNewData = false };

    private async Task<bool> IsModelRefusedAsync(TrainingRunStatus run, CancellationToken cancellationToken) =>
        run.Challenger is { } challenger && await TryFindDecisionAsync(challenger, cancellationToken) is { Promote: false } decision
            // Not after a lost race, beside another model.
            && decision.Champion.Version == run.Champion
            && (!decision.Overall.Passes || decision.Classes.Any(one => one is { Decides: true, Passes: false })
                || decision.Start?.Classes.Any(one => one is { Decides: true, Passes: false }) == true || FailedInShadow(decision.Shadow, run.Request.Shadow));

    private static bool FailedInShadow(ShadowSummary? seen, ShadowTerms? terms) => seen is not null && terms is not null
        && (seen.Failed > 0 || seen.Disagreement > terms.MaxDisagreement
            || seen.Classes.Any(one => one.SlicesWithClass >= terms.NeededSlices() && one.Share > terms.MaxDisagreement));

    private async Task<PromotionDecision?> TryFindDecisionAsync(string version, CancellationToken cancellationToken)
    {
        try
        {
            return await models.FindDecisionAsync(version, cancellationToken);
        }
        catch (DamagedModelException)
        {
            return null;
        }
    }
}
