using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.TrainingJob.InputCheck;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.WeightFiles;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Training;

/// <summary>A model that a training goes on from.</summary>
/// <param name="Weights">By name.</param>
/// <param name="InputCheck">Null for a model that cannot tell what it was made for.</param>
/// <param name="LearntFrom">Null where it is not known.</param>
internal sealed record StartingModel(
    ModelManifest Manifest, IReadOnlyDictionary<string, Tensor> Weights, InputCheckNetwork? InputCheck, TrainedOn? LearntFrom) : IDisposable
{
    /// <exception cref="ModelFolderException">The folder holds no usable model; the message says why.</exception>
    public static StartingModel Load(string folder)
    {
        var (manifest, network, inputCheck) = ModelFolder.Load(folder);
        using (network)
        {
            var weights = StateDictionary.Of(network).ToDictionary(pair => pair.Key, pair => pair.Value.detach().clone());
            return new StartingModel(manifest, weights, inputCheck, ModelFolder.FindTrainedOn(folder, manifest.Version));
        }
    }

    /// <summary>A score on slices that this model learnt from would be too good.</summary>
    /// <exception cref="TrainingDataException">It learnt from one of them, or nobody knows what it learnt from.</exception>
    public void RequireUnseen(IReadOnlyList<LabelledSlice> heldOut)
    {
        if (heldOut.Count == 0)
            return;
        if (LearntFrom is null)
            throw new TrainingDataException($"Nobody noted what the model {Manifest.Version} learnt from, so that no slice can be held out for scores: note it by 'models trained-on', or train on all by --hold-out 0.");
        var known = new PictureIndex(LearntFrom.Pictures);
        var seen = heldOut.Where(slice => known.Knows(PictureIdentity.Of(slice.Image))).ToList();
        if (seen.Count > 0)
            throw new TrainingDataException($"The model {Manifest.Version} learnt from {seen.Count} of the {heldOut.Count} held-out slices ('{seen[0].Name}' is one), and scores on them would be too good: train on all by --hold-out 0, and evaluate on slices that it never saw.");
    }

    public void Dispose()
    {
        foreach (var tensor in Weights.Values)
            tensor.Dispose();
        InputCheck?.Dispose();
    }
}
