using CtSeg.Contracts;
using CtSeg.Recovery;
using CtSeg.ServiceBus;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.Retraining;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Letters;

/// <summary>Asks again for a training run whose request died.</summary>
/// <param name="dryRun">Decides and sends nothing.</param>
internal sealed class TrainingReplays(TrainingRunStore runs, bool dryRun, TimeProvider time)
{
    /// <param name="replays">With this one.</param>
    public async Task<ReplayOutcome> AskAgainAsync(BinaryData body, int replays, IMessageSender requests, CancellationToken cancellationToken)
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
            {
                var again = TrainingEvents.Requested(run.Id, run.Attempt, LetterReplay.Source, time.GetUtcNow().UtcDateTime, request.TraceParent);
                await requests.SendAsync(EventMessages.Of(again, ContractsJson.Default.CloudEventTrainingRequested).Counted(replays), cancellationToken);
            }
            return new ReplayOutcome(ReplayDecision.Send, null, null);
        }
        catch (DamagedTrainingRunException e)
        {
            return new ReplayOutcome(ReplayDecision.Refused, e.Message, null);
        }
    }
}
