using System.Globalization;
using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.TrainingJob.Promotion;
using CtSeg.TrainingJob.Reports;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>Fixes what a run learns from when it begins, finds it again later, and says when there is nothing to do.</summary>
internal sealed class RunPreparation(DataSetStore data, ModelStore models, TrainingRunStore runs, RunSigning signing)
{
    private readonly EarlierRuns _earlier = new(models, runs);

    /// <exception cref="RunFailedException">No model is in use, or what the run began with is gone.</exception>
    /// <exception cref="DamagedDataException">A document of the training data cannot be read.</exception>
    /// <exception cref="DamagedModelException">The alias or the champion cannot be read.</exception>
    /// <exception cref="UntrustedModelException">Keys are trusted, and none of them signed the champion.</exception>
    public async Task<RunData> PrepareAsync(OwnedRun run, CancellationToken cancellationToken)
    {
        if (run.Status.Champion is null)
            await FixAsync(run, cancellationToken);
        var (set, locked) = await FindDataAsync(run.Status, cancellationToken);
        // Trusted before anything is trained from it or compared with it.
        var champion = await signing.FindManifestAsync(run.Status.Champion!, cancellationToken)
            ?? throw new RunFailedException($"The model {run.Status.Champion}, in use when the run began, is gone: start another run.");
        var saw = await models.FindTrainedOnAsync(champion.Version, cancellationToken);
        var before = saw?.DataSet is { } version ? await TryFindDataSetAsync(version, cancellationToken) : null;
        var proving = saw is null ? [] : (await ComparisonSet.OfAsync(data, set, locked, cancellationToken)).UnseenBy(saw);
        return Describe(set, locked, champion, saw, before) with
        {
            ProvingGroups = proving.Select(slice => slice.Group).Distinct(StringComparer.Ordinal).Count(),
            ChampionHoldsErased = await models.HoldsErasedDataAsync(champion.Version, cancellationToken),
            SameBefore = run.Status.State == TrainingRunState.Requested ? await _earlier.FindSameAsync(run.Status, cancellationToken) : null,
        };
    }

    /// <returns>Null where the run has work.</returns>
    public RunVerdict? NothingToDo(RunData data, TrainingRunRequest request)
    {
        if (data.Training.Count == 0)
            return Skip(data, "There are no slices to train on: import data or correct masks first.");
        if (data.ChampionSaw is null)
            return Skip(data, $"Nobody knows what the model in use, {data.Champion.Version}, has learnt from, so that no score could compare another with it: put one into use that says so.");
        if (data.ProvingGroups < request.Promotion.MinGroups)
            return Skip(data, string.Create(CultureInfo.InvariantCulture,
                $"There is nothing to prove a new model on: {data.ProvingGroups} groups of the locked set are unknown to {data.Champion.Version}, the model in use, and {request.Promotion.MinGroups} are needed: import slices of patients whom it has not seen, of whom about one in five is locked."));
        if (!request.EvenWithoutNewData && NothingNew(data) is { } known)
            return Skip(data, known);
        return signing.ObjectionTo(request) is { } objection ? Skip(data, objection) : null;
    }

    private static string? NothingNew(RunData data)
    {
        if (!data.ChampionHoldsErased && !data.Changes.Changes.Any(LearningChanges.IsNew))
            return $"There is nothing new to learn since the model in use, {data.Champion.Version}.";
        return data.SameBefore is { } before ? SameAgain(data, before) : null;
    }

    /// <summary>The same training makes the same model, and each decision on a locked set makes the next one say less.</summary>
    private static string SameAgain(RunData data, TrainingRunStatus before)
    {
        var erased = data.ChampionHoldsErased ? $" The model in use, {data.Champion.Version}, still holds data that were erased since." : "";
        var end = before.State == TrainingRunState.Promoted ? "was promoted, but that model is no longer in use" : "was refused";
        return $"Run {before.Id} learnt from the same data on the same terms beside the same model in use, and {end}: add or correct data, or ask for a run even without new data.{erased}";
    }

    private static RunVerdict Skip(RunData data, string reason) => new(TrainingRunState.Skipped, reason) { Data = data.Changes };

    private async Task FixAsync(OwnedRun run, CancellationToken cancellationToken)
    {
        var alias = await models.ReadAliasAsync(cancellationToken)
            ?? throw new RunFailedException("No model is in use, so that there is none to begin with or to compare with: put one into use with models promote.");
        var (set, locked) = await LookAsync(cancellationToken);
        var isErased = await models.HoldsErasedDataAsync(alias.Served.Version, cancellationToken);
        await run.ChangeAsync(
            status => status with
            {
                DataSet = set.Version,
                EvaluationSet = locked.Version,
                Champion = alias.Served.Version,
                // Its weights remember data that were erased since.
                Request = isErased ? status.Request with { FromScratch = true } : status.Request,
            },
            cancellationToken);
    }

    private async Task<(DataSet Data, EvaluationSet Locked)> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await TakeAsync();
        }
        catch (DamagedDataException)
        {
            // An erasure may have come between the two; what is damaged is so at another look too.
            return await TakeAsync();
        }

        async Task<(DataSet, EvaluationSet)> TakeAsync()
        {
            var set = await data.SnapshotAsync(cancellationToken);
            return (set, await data.LockAsync(set, cancellationToken));
        }
    }

    private async Task<(DataSet Data, EvaluationSet Locked)> FindDataAsync(TrainingRunStatus run, CancellationToken cancellationToken)
    {
        var set = await data.FindDataSetAsync(run.DataSet ?? "", cancellationToken) ?? throw RunErasure.Erased();
        var locked = await data.FindEvaluationSetAsync(run.EvaluationSet ?? "", cancellationToken) ?? throw RunErasure.Erased();
        return (set, locked);
    }

    /// <summary>An erasure removes the data set too; the masks that the model learnt with are noted beside it.</summary>
    private async Task<DataSet?> TryFindDataSetAsync(string version, CancellationToken cancellationToken)
    {
        try
        {
            return await data.FindDataSetAsync(version, cancellationToken);
        }
        catch (DamagedDataException)
        {
            return null;
        }
    }

    private static RunData Describe(DataSet set, EvaluationSet locked, ModelManifest champion, TrainedOn? saw, DataSet? before)
    {
        var lockedIds = locked.Slices.ToHashSet();
        var lockedSlices = set.Slices.Where(slice => lockedIds.Contains(slice.Id)).ToList();
        var lockedGroups = lockedSlices.Select(slice => slice.Group).ToHashSet(StringComparer.Ordinal);
        var lockedPictures = new PictureIndex(lockedSlices.Select(slice => slice.Picture));
        DataSetSlice[] training =
        [
            .. set.Slices.Where(slice => !lockedIds.Contains(slice.Id) && !lockedGroups.Contains(slice.Group) && !lockedPictures.Knows(slice.Picture)),
        ];
        var keptOut = set.Slices.Select(slice => slice.Id).Except(training.Select(slice => slice.Id)).ToHashSet();
        var changes = new DataChanges(
            set.Slices.Count, set.Slices.Select(slice => slice.Group).Distinct(StringComparer.Ordinal).Count(), lockedSlices.Count, lockedGroups.Count,
            new LearningChanges(keptOut, saw, before).Find(set))
        {
            ChampionDataSet = before?.Version,
        };
        return new RunData(set, locked, training, champion, saw, ProvingGroups: 0, changes);
    }
}
