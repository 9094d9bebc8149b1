using CtSeg.Recovery;
using CtSeg.ServiceBus;
using CtSeg.TrainingJob.Retraining;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Letters;

/// <summary>Asks again for a training run whose request died.</summary>
/// <param name="dryRun">Decides and sends nothing.</param>
internal sealed class TrainingReplays(TrainingRunStore runs, bool dryRun, TimeProvider time)
{
    public async Task<ReplayOutcome> AskAgainAsync(BinaryData body, IMessageSender requests, CancellationToken cancellationToken)
    {
        if (!TrainingRequestReader.TryRead(body.ToMemory().Span, out var request, out var problem))
            return new ReplayOutcome(ReplayDecision.Refused, $"It is no training request: {problem}", null);
        try
        {
            var attempt = request.Data.Attempt;
            if ((await runs.FindAsync(request.Data.RunId, cancellationToken))?.Run is not { } run)
                return new ReplayOutcome(ReplayDecision.Gone, "The training run is not there any more.", null);
            if (!run.HasEnded && !dryRun)
            {
                // Killed after this write, the next replay sends the same attempt.
                var changed = await runs.ChangeAsync(
                    run.Id, status => !status.HasEnded && status.Attempt <= attempt ? status.RequestedAgain(time.GetUtcNow().UtcDateTime) : null, cancellationToken);
                run = changed?.Run ?? run;
            }
            if (run.HasEnded)
                return new ReplayOutcome(ReplayDecision.Gone, $"The training run has ended: {TrainingRunText.NameOf(run.State)}.", null);
            if (!dryRun)
                await new RetrainEvents(requests, requests, time).RequestedAsync(run, cancellationToken);
            return new ReplayOutcome(ReplayDecision.Send, null, null);
        }
        catch (DamagedTrainingRunException e)
        {
            return new ReplayOutcome(ReplayDecision.Refused, e.Message, null);
        }
    }
}
