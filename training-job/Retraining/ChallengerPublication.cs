using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>Publishes the model of a run, with what it and its ancestors have learnt from.</summary>
internal sealed class ChallengerPublication(DataSetStore data, ModelStore models)
{
    private const int MaxConflicts = 5;

    /// <returns>As published, which another job that had the run may have done: on a machine of another kind its weights are others.</returns>
    /// <exception cref="TrainingRunLostException">Another job has the run: nothing was published.</exception>
    /// <exception cref="ModelExistsException">A model of the run's name is there that is not the run's.</exception>
    public async Task<ModelManifest> PublishAsync(OwnedRun run, ModelFiles files, RunData learnt, CancellationToken cancellationToken)
    {
        var version = files.Manifest.Version;
        var trainedOn = await DescribeAsync(version, learnt, files.Manifest.ParentVersion is null ? null : learnt.ChampionSaw, cancellationToken);
        for (var conflict = 1; ; conflict++)
        {
            await run.ChangeAsync(change: null, cancellationToken);
            try
            {
                await models.PublishAsync(files.Manifest, files.ManifestJson, files.Weights, trainedOn, cancellationToken);
                return files.Manifest;
            }
            catch (ModelExistsException) when (conflict < MaxConflicts)
            {
                if (await FindOfRunAsync(version, learnt, cancellationToken) is { } other)
                    return other;
            }
        }
    }

    /// <returns>Null where there is none that is whole, so that one may be published still.</returns>
    private async Task<ModelManifest?> FindOfRunAsync(string version, RunData learnt, CancellationToken cancellationToken)
    {
        try
        {
            return await models.FindTrainedOnAsync(version, cancellationToken) is { } saw && saw.DataSet == learnt.Data.Version
                ? (await models.FindFilesAsync(version, cancellationToken))?.Manifest
                : null;
        }
        catch (DamagedModelException)
        {
            // Two that publish at once write over each other's parts.
            return null;
        }
    }

    private async Task<TrainedOn> DescribeAsync(string version, RunData learnt, TrainedOn? parent, CancellationToken cancellationToken)
    {
        var hash = await data.GroupHashAsync(cancellationToken);
        return TrainedOn.Of(
            version, learnt.Data.Version, learnt.Training.Select(slice => slice.Picture),
            learnt.Training.SelectMany(slice => slice.Groups).Distinct(StringComparer.Ordinal).Select(hash.Of), parent,
            learnt.Training.Select(slice => new LearntMask(slice.Picture.Sha256, slice.MaskSha256)));
    }
}
