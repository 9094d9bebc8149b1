using CtSeg.Imaging;
using CtSeg.Preprocessing;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Robustness;

/// <summary>Scores models on slices that were disturbed as uploads are.</summary>
internal sealed class RobustnessBench(ScoredModels models, IReadOnlyList<(LabelledSlice Slice, GreyImage Upload)> slices)
{
    /// <summary>All of <see cref="Disturbance.All"/>, the first of which is none.</summary>
    /// <param name="scored">Called after each.</param>
    public IReadOnlyList<DisturbedScores> Run(Action<DisturbedScores> scored, CancellationToken cancellationToken)
    {
        var rows = new List<DisturbedScores>();
        List<ScoredSlice>? undisturbed = null;
        foreach (var disturbance in Disturbance.All)
        {
            var disturbed = slices.Select(pair => Disturb(pair.Slice, pair.Upload, disturbance)).ToList();
            var matrices = Evaluator.AtMaskSize(models.Predict(disturbed, zeroAttention: false, cancellationToken).Predictions);
            undisturbed ??= matrices;
            rows.Add(new DisturbedScores(disturbance.Name, ForegroundProtocol.Score(matrices), Lost(undisturbed, matrices), models.Warned(disturbed)));
            scored(rows[^1]);
        }
        return rows;
    }

    private static LabelledSlice Disturb(LabelledSlice slice, GreyImage upload, Disturbance disturbance)
    {
        var (image, truth) = disturbance.Apply(upload, slice.Mask);
        return slice with { Image = SlicePreprocessor.Resize(image), Mask = truth };
    }

    private static IntervalScore Lost(List<ScoredSlice> undisturbed, List<ScoredSlice> disturbed)
    {
        var groups = GroupBootstrap.ByGroup(undisturbed.Zip(disturbed), pair => pair.First.Group)
            .Select(group => (
                Before: ConfusionMatrix.Sum(group.Select(pair => pair.First.Matrix)), After: ConfusionMatrix.Sum(group.Select(pair => pair.Second.Matrix))))
            .ToList();
        double? Statistic(IReadOnlyList<(ConfusionMatrix Before, ConfusionMatrix After)> drawn) =>
            ConfusionMatrix.Sum(drawn.Select(group => group.Before)).Dice([1, 2, 3]) - ConfusionMatrix.Sum(drawn.Select(group => group.After)).Dice([1, 2, 3]);
        return GroupBootstrap.Score(groups, Statistic);
    }
}
