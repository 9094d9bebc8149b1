using CtSeg.Models;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Registry;

/// <summary>The run that made a model: where it was asked for a shadow, a promotion by hand must heed what that saw, as the run itself does.</summary>
internal sealed class RunOfModel(RegistryAccess registry)
{
    private readonly TrainingRunStore _runs = new(registry.Storage, registry.Time);
    private readonly ShadowResultStore _results = new(registry.Storage);

    /// <returns>What the model was to see in shadow, and what it saw beside this champion; null where no run made it, or that asked for no shadow.</returns>
    /// <exception cref="AliasMoveRefusedException">The run goes on, or its document cannot be read.</exception>
    public async Task<(ShadowTerms Terms, ShadowSummary Seen)?> FindShadowAsync(ServedModel champion, ServedModel challenger, CancellationToken cancellationToken)
    {
        if (await FindAsync(challenger.Version, cancellationToken) is not { Request.Shadow: { } terms } run)
            return null;
        if (!run.HasEnded)
            throw new AliasMoveRefusedException(
                $"The run that made {run.Id} goes on: it decides when its shadow has seen enough. Wait for it ('training-runs show {run.Id}'), or put the model into use by force, with a reason.");
        return (terms, ShadowSummaries.Sum(await _results.ListAsync(run.Id, champion, challenger, cancellationToken)));
    }

    // Models are named after their runs.
    private async Task<TrainingRunStatus?> FindAsync(string version, CancellationToken cancellationToken)
    {
        try
        {
            return (await _runs.FindAsync(version, cancellationToken))?.Run;
        }
        catch (DamagedTrainingRunException e)
        {
            throw new AliasMoveRefusedException($"{e.Message} Whether {version} was to look on in shadow is not known: put it into use by force, with a reason.", e);
        }
    }
}
