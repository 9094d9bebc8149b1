using CtSeg.Models;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Model;
using CtSeg.TrainingJob.Training;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Evaluation;

/// <summary>
/// Scores a network on labelled slices, one by one as it predicts them; folding it first changes its rounding, and a token now and then changes its
/// bucket.
/// </summary>
internal static class Evaluator
{
    public const string Note =
        "Held-out groups took no part in training, and nothing was chosen by their scores. Groups are a lower bound on overlap between patients.";

    /// <param name="zeroAttention">Score a second time with every attention's output set to zero.</param>
    public static ModelScores Score(ResidualAttentionUNet network, IReadOnlyList<LabelledSlice> slices, bool zeroAttention, CancellationToken cancellationToken)
    {
        var withAttention = Predict(network, slices, cancellationToken);
        var foreground = ForegroundProtocol.Score(Match(slices, withAttention, slice => slice.Mask, prediction => prediction.AtMaskSize));
        var paper = PaperProtocol.Score(Match(
            slices, withAttention, slice => PaperProtocol.Resize(slice.Mask, slice.Image.Width, slice.Image.Height), prediction => prediction.AtNetworkSize));
        var effect = zeroAttention && network.Configuration.UsesAttention ? Effect(network, slices, withAttention, cancellationToken) : null;
        return new ModelScores(slices.Count, slices.Select(slice => slice.Group).Distinct().Count(), foreground, paper, effect, Note);
    }

    private sealed record Prediction(LesionMask AtMaskSize, LesionMask AtNetworkSize);

    private static AttentionEffect Effect(
        ResidualAttentionUNet network, IReadOnlyList<LabelledSlice> slices, List<Prediction> withAttention, CancellationToken cancellationToken)
    {
        network.ZeroAttention(true);
        try
        {
            var without = Predict(network, slices, cancellationToken);
            var dice = ConfusionMatrix.Sum(slices.Zip(without, (slice, prediction) => ConfusionMatrix.Of(slice.Mask, prediction.AtMaskSize))).Dice([1, 2, 3]);
            var change = ConfusionMatrix.Sum(withAttention.Zip(without, (one, other) => ConfusionMatrix.Of(one.AtMaskSize, other.AtMaskSize)));
            var lesionPixels = change.Total - change.Pixels(0, 0);
            double changed = change.Total - change.Correct;
            return new AttentionEffect(dice, changed / change.Total, lesionPixels == 0 ? 0 : changed / lesionPixels);
        }
        finally
        {
            network.ZeroAttention(false);
        }
    }

    private static List<ScoredSlice> Match(
        IReadOnlyList<LabelledSlice> slices, List<Prediction> predictions, Func<LabelledSlice, LesionMask> truth, Func<Prediction, LesionMask> choose) =>
        [.. slices.Zip(predictions, (slice, prediction) => new ScoredSlice(slice.Name, slice.Group, ConfusionMatrix.Of(truth(slice), choose(prediction))))];

    private static List<Prediction> Predict(ResidualAttentionUNet network, IReadOnlyList<LabelledSlice> slices, CancellationToken cancellationToken)
    {
        var wasTraining = network.training;
        network.eval();
        using var noGradient = no_grad();
        var predictions = new List<Prediction>();
        foreach (var slice in slices)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var logits = network.call(InputScaling.ToTensor(slice.Image));
            predictions.Add(new Prediction(
                SliceSegmenter.ToMask(logits, slice.Mask.Width, slice.Mask.Height),
                SliceSegmenter.ToMask(logits, slice.Image.Width, slice.Image.Height)));
            HeapMemory.FreeForgotten();
        }
        network.train(wasTraining);
        return predictions;
    }
}
