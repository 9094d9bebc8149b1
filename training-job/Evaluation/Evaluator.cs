using System.Runtime.InteropServices;
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
        "On groups that took no part in this training; its recipe may have been chosen by scores on them. " + GroupBootstrap.Caveat;

    /// <param name="zeroAttention">Score a second time with every attention's output set to zero.</param>
    public static ModelScores Score(ResidualAttentionUNet network, IReadOnlyList<LabelledSlice> slices, bool zeroAttention, CancellationToken cancellationToken)
    {
        var predictions = Predict(network, slices, cancellationToken);
        return Score(predictions, zeroAttention ? AttentionZeroing.Effect(predictions, PredictWithoutAttention(network, slices, cancellationToken)) : null);
    }

    public static ModelScores Score(IReadOnlyList<SlicePrediction> predictions, AttentionEffect? effect, string note = Note) => new(
        predictions.Count,
        predictions.Select(prediction => prediction.Slice.Group).Distinct().Count(),
        ForegroundProtocol.Score(AtMaskSize(predictions)),
        PaperProtocol.Score(AtNetworkSize(predictions)),
        effect,
        note);

    /// <summary>The slices as the foreground protocol counts them.</summary>
    public static List<ScoredSlice> AtMaskSize(IEnumerable<SlicePrediction> predictions) =>
        [.. predictions.Select(prediction => Match(prediction.Slice, prediction.Slice.Mask, prediction.AtMaskSize))];

    /// <summary>The slices as the paper protocol counts them.</summary>
    public static List<ScoredSlice> AtNetworkSize(IEnumerable<SlicePrediction> predictions) =>
        [.. predictions.Select(prediction => Match(
            prediction.Slice,
            PaperProtocol.Resize(prediction.Slice.Mask, prediction.AtNetworkSize.Width, prediction.AtNetworkSize.Height),
            prediction.AtNetworkSize))];

    /// <summary>Predicts slices again with every attention's output set to zero.</summary>
    /// <param name="predicted">Called after every slice.</param>
    /// <returns>None where the network has no attention.</returns>
    public static List<SlicePrediction> PredictWithoutAttention(
        ResidualAttentionUNet network, IReadOnlyList<LabelledSlice> slices, CancellationToken cancellationToken, Action? predicted = null)
    {
        if (!network.Configuration.UsesAttention)
            return [];
        network.ZeroAttention(true);
        try
        {
            return Predict(network, slices, cancellationToken, predicted);
        }
        finally
        {
            network.ZeroAttention(false);
        }
    }

    /// <summary>Predicts the slices one by one, in evaluation mode.</summary>
    /// <param name="predicted">Called after every slice.</param>
    public static List<SlicePrediction> Predict(
        ResidualAttentionUNet network, IReadOnlyList<LabelledSlice> slices, CancellationToken cancellationToken, Action? predicted = null)
    {
        var wasTraining = network.training;
        network.eval();
        using var noGradient = no_grad();
        var predictions = new List<SlicePrediction>();
        foreach (var slice in slices)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            predictions.Add(Compare(slice, network.call(InputScaling.ToTensor(slice.Image).to(network.Device))));
            HeapMemory.FreeForgotten();
            predicted?.Invoke();
        }
        network.train(wasTraining);
        return predictions;
    }

    private static ScoredSlice Match(LabelledSlice slice, LesionMask truth, LesionMask prediction) =>
        new(slice.Name, slice.Group, ConfusionMatrix.Of(truth, prediction));

    private static SlicePrediction Compare(LabelledSlice slice, Tensor logits)
    {
        var (width, height) = (slice.Mask.Width, slice.Mask.Height);
        var prediction = SliceSegmenter.ToMask(logits, width, height);
        var confidence = SliceSegmenter.Scale(logits, width, height).softmax(1).amax([1]).to(CPU).contiguous();
        var (all, lesions) = CalibrationCounts.Of(slice.Mask, prediction, MemoryMarshal.Cast<byte, float>(confidence.bytes));
        return new SlicePrediction(slice, prediction, SliceSegmenter.ToMask(logits, slice.Image.Width, slice.Image.Height), all, lesions);
    }
}
