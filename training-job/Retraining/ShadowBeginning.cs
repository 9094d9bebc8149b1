using CtSeg.Models;
using CtSeg.TrainingJob.Reports;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>
/// From a challenger that passed on the locked set to one that looks on. A run may be ended from outside while it waits, by somebody who has neither its
/// training nor its scores: so decision and report are stored before.
/// </summary>
internal sealed class ShadowBeginning(ModelStore models, RunShadow shadow, RunErasure erasure, IRunReports reports)
{
    /// <summary>Where another challenger is in shadow, the run waits without one.</summary>
    /// <param name="passed">On the locked set.</param>
    /// <exception cref="RunFailedException">Data of the run were erased: nobody looks on.</exception>
    public async Task BeginAsync(OwnedRun run, ServedModel challenger, ShadowTerms terms, Judgement passed, DataChanges data, CancellationToken cancellationToken)
    {
        await erasure.RequireUnerasedAsync(run.Status, cancellationToken);
        var waits = passed.Decision with { Promote = false, Reason = $"It passed on the locked set and waits for its shadow. {passed.Decision.Reason}" };
        await models.StoreDecisionAsync(challenger.Version, waits, cancellationToken);
        var verdict = new RunVerdict(TrainingRunState.Shadowing, waits.Reason) { Judgement = passed with { Decision = waits }, Data = data };
        await erasure.ReportAsync(run, verdict, reports, cancellationToken);
        await erasure.RequireUnerasedAsync(run.Status, cancellationToken);
        if (await shadow.StartAsync(run.Id, challenger, terms, cancellationToken))
            await run.ChangeAsync(status => status.Entered(TrainingRunState.Shadowing, run.UtcNow()), cancellationToken);
    }
}
