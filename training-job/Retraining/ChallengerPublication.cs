using CtSeg.DataSets;
using CtSeg.Models;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>Publishes the model of a run, with what it and its ancestors have learnt from.</summary>
internal sealed class ChallengerPublication(DataSetStore data, ModelStore models)
{
    /// <returns>As published, which another job may have done.</returns>
    public async Task<ModelManifest> PublishAsync(ModelFiles files, RunData learnt, CancellationToken cancellationToken)
    {
        var version = files.Manifest.Version;
        var trainedOn = await DescribeAsync(version, learnt, files.Manifest.ParentVersion is null ? null : learnt.ChampionSaw, cancellationToken);
        try
        {
            await models.PublishAsync(files.Manifest, files.ManifestJson, files.Weights, trainedOn, cancellationToken);
            return files.Manifest;
        }
        catch (ModelExistsException)
        {
            // A job that the run was taken from came first; its manifest tells another time.
            if (await models.FindAsync(version, cancellationToken) is { } other && other.WeightsSha256 == files.Manifest.WeightsSha256)
                return other;
            throw;
        }
    }

    private async Task<TrainedOn> DescribeAsync(string version, RunData learnt, TrainedOn? parent, CancellationToken cancellationToken)
    {
        var hash = await data.GroupHashAsync(cancellationToken);
        var pictures = learnt.Training.Select(slice => slice.Picture).Concat(parent?.Pictures ?? []);
        var groups = learnt.Training.SelectMany(slice => slice.Groups).Distinct(StringComparer.Ordinal).Select(hash.Of).Concat(parent?.Groups ?? []);
        return new TrainedOn(
            version, learnt.Data.Version,
            [.. pictures.DistinctBy(picture => picture.Sha256, StringComparer.Ordinal).OrderBy(picture => picture.Sha256, StringComparer.Ordinal)],
            [.. groups.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
    }
}
