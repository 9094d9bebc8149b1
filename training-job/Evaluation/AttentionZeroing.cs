using CtSeg.Models;

namespace CtSeg.TrainingJob.Evaluation;

/// <summary>What attention does for a network that was trained with it.</summary>
internal static class AttentionZeroing
{
    /// <param name="with">Predictions of the network.</param>
    /// <param name="without">Of the same slices in the same order, with every attention's output set to zero; none where there is no attention.</param>
    /// <returns>Null where there is no attention.</returns>
    public static AttentionEffect? Effect(IReadOnlyList<SlicePrediction> with, IReadOnlyList<SlicePrediction> without)
    {
        if (without.Count == 0)
            return null;
        var groups = GroupBootstrap.ByGroup(with.Zip(without), pair => pair.First.Slice.Group)
            .Select(group => (
                With: Truth(group.Select(pair => pair.First)),
                Without: Truth(group.Select(pair => pair.Second)),
                Change: ConfusionMatrix.Sum(group.Select(pair => ConfusionMatrix.Of(pair.First.AtMaskSize, pair.Second.AtMaskSize)))))
            .ToList();
        var change = ConfusionMatrix.Sum(groups.Select(group => group.Change));
        var lesionPixels = change.Total - change.Pixels(0, 0);
        double changed = change.Total - change.Correct;
        return new AttentionEffect(
            ConfusionMatrix.Sum(groups.Select(group => group.Without)).Dice([1, 2, 3]),
            Lost(groups),
            GroupBootstrap.Interval(groups, Lost),
            changed / change.Total,
            lesionPixels == 0 ? 0 : changed / lesionPixels);
    }

    private static double? Lost(IReadOnlyList<(ConfusionMatrix With, ConfusionMatrix Without, ConfusionMatrix Change)> groups) =>
        ConfusionMatrix.Sum(groups.Select(group => group.With)).Dice([1, 2, 3]) - ConfusionMatrix.Sum(groups.Select(group => group.Without)).Dice([1, 2, 3]);

    private static ConfusionMatrix Truth(IEnumerable<SlicePrediction> predictions) =>
        ConfusionMatrix.Sum(predictions.Select(prediction => ConfusionMatrix.Of(prediction.Slice.Mask, prediction.AtMaskSize)));
}
