using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Training;
using TorchSharp;

namespace CtSeg.TrainingJob.Evaluation;

/// <summary>
/// Models with the slices that each of them is scored on: one model on any slices, or the models of a cross-validation, each on those that it never saw.
/// </summary>
internal sealed class ScoredModels
{
    private readonly IReadOnlyList<(string Folder, IReadOnlyList<string> Slices)> _models;

    /// <param name="folders">Of the models.</param>
    /// <param name="data">To score on.</param>
    /// <param name="groups">Which slices count. A manifest tells only for the data that its model was trained with.</param>
    /// <exception cref="TrainingDataException">There are no such slices, or a slice would be scored twice.</exception>
    /// <exception cref="ModelFolderException">A folder holds no manifest.</exception>
    public ScoredModels(IReadOnlyList<string> folders, TrainingData data, ScoredGroups groups)
    {
        var slices = data.Slices;
        Manifests = [.. folders.Select(ModelFolder.ReadManifest)];
        if (groups != ScoredGroups.All && Manifests.FirstOrDefault(manifest => manifest.Training?.DataSha256 != data.Sha256) is { } foreign)
            throw new TrainingDataException($"The model {foreign.Version} was not trained with this data: which of its groups are new to the model nobody knows. Score all slices, or give its own data.");
        _models = [.. folders.Zip(Manifests, (folder, manifest) => (folder, Names(slices, manifest, groups)))];
        var all = _models.SelectMany(model => model.Slices).ToList();
        if (all.Count == 0)
            throw new TrainingDataException($"None of the slices is of a group that {ModelFolder.ManifestName} {(groups == ScoredGroups.HeldOut ? "names" : "does not name")} as held out: score all, or give the data the model was trained with.");
        if (all.Distinct(StringComparer.Ordinal).Count() < all.Count)
            throw new TrainingDataException("Some slices would be scored by several models: give one model, or those of one cross-validation and only what they held out.");
        SlicesOfTraining = CountSlicesOfTraining(data);
    }

    public IReadOnlyList<ModelManifest> Manifests { get; }

    /// <value>How the networks turn logits into classes; as their manifests have it, if not given.</value>
    public Judgement Judgement { get; init; } = new();

    /// <value>
    /// Scored slices that their model learnt from. A model whose folder does not say from which pictures it learnt knows groups by their names alone:
    /// those that its manifest does not name as held out count, and on other data than it was trained with, where the same name may mean other
    /// patients, nobody knows: null.
    /// </value>
    public int? SlicesOfTraining { get; }

    /// <summary>Whether one of the models is scored on a slice.</summary>
    public bool Scores(LabelledSlice slice) => _models.Any(model => model.Slices.Contains(slice.Name));

    /// <summary>How many slices the models' own input checks warn about.</summary>
    /// <returns>Null where a model has none.</returns>
    public int? Warned(IReadOnlyList<LabelledSlice> slices)
    {
        var warned = 0;
        foreach (var (folder, names) in _models)
        {
            var (_, network, inputCheck) = ModelFolder.Load(folder);
            network.Dispose();
            using (inputCheck)
            {
                if (inputCheck is null)
                    return null;
                warned += slices.Count(slice => names.Contains(slice.Name) && InputCheckResult.Of(inputCheck.Score(slice.Image)).Warning is not null);
            }
        }
        return warned;
    }

    /// <summary>How many predictions <see cref="Predict"/> makes of the slices that were given.</summary>
    public int CountPredictions(bool zeroAttention) => _models.Zip(Manifests)
        .Sum(model => model.First.Slices.Count * (zeroAttention && model.Second.Configuration.UsesAttention ? 2 : 1));

    /// <summary>Predicts as for patients: folded, slice by slice.</summary>
    /// <param name="slices">Of the names and groups that were given; their pixels may differ.</param>
    /// <param name="zeroAttention">Predict a second time without attention.</param>
    /// <param name="predicted">Called after every prediction.</param>
    public (List<SlicePrediction> Predictions, List<SlicePrediction> WithoutAttention) Predict(
        IReadOnlyList<LabelledSlice> slices, bool zeroAttention, CancellationToken cancellationToken, Action? predicted = null)
    {
        var (predictions, without) = (new List<SlicePrediction>(), new List<SlicePrediction>());
        foreach (var (folder, names) in _models)
        {
            var (_, network, inputCheck) = ModelFolder.Load(folder);
            using (inputCheck)
            using (network)
            {
                network.to(ComputeDevice.Current);
                network.FoldNormalisation();
                Judgement.ApplyTo(network);
                var own = slices.Where(slice => names.Contains(slice.Name)).ToList();
                predictions.AddRange(Evaluator.Predict(network, own, cancellationToken, predicted));
                if (zeroAttention)
                    without.AddRange(Evaluator.PredictWithoutAttention(network, own, cancellationToken, predicted));
            }
        }
        return (predictions, without);
    }

    private int? CountSlicesOfTraining(TrainingData data)
    {
        var learnt = 0;
        foreach (var ((folder, names), manifest) in _models.Zip(Manifests))
        {
            var scored = data.Slices.Where(slice => names.Contains(slice.Name)).ToList();
            if (ModelFolder.FindTrainedOn(folder, manifest.Version) is { } trainedOn)
            {
                var known = new PictureIndex(trainedOn.Pictures);
                learnt += scored.Count(slice => known.Knows(PictureIdentity.Of(slice.Image)));
            }
            else if (manifest.Training is { } training)
            {
                if (training.DataSha256 != data.Sha256)
                    return null;
                learnt += scored.Count(slice => !training.HeldOutGroups.Contains(slice.Group));
            }
        }
        return learnt;
    }

    private static IReadOnlyList<string> Names(IReadOnlyList<LabelledSlice> slices, ModelManifest manifest, ScoredGroups groups)
    {
        var heldOut = manifest.Training?.HeldOutGroups ?? [];
        return
        [
            .. slices
                .Where(slice => groups == ScoredGroups.All || heldOut.Contains(slice.Group) == (groups == ScoredGroups.HeldOut))
                .Select(slice => slice.Name),
        ];
    }
}
