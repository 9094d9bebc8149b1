namespace CtSeg.TrainingJob.Evaluation;

/// <summary>
/// A finding in slices whose truth does not hold it. Dice of a slice says nothing there and is 0 for one wrong pixel as for ten thousand; a reader is
/// alarmed by the ten thousand.
/// </summary>
/// <param name="SlicesWithout">Slices whose truth does not hold the finding.</param>
/// <param name="SlicesAlarmed">Those of them with more than <see cref="Negligible"/> pixels of it.</param>
/// <param name="Pixels">Of the finding, in all of them.</param>
internal sealed record FalseAlarms(int SlicesWithout, int SlicesAlarmed, long Pixels)
{
    /// <summary>Pixels of the mask that nobody takes for a finding: a square of 10.</summary>
    public const int Negligible = 100;

    public static FalseAlarms Count(IEnumerable<ConfusionMatrix> slices, int[] labels)
    {
        List<long> predicted = [.. slices.Where(slice => slice.Truth(labels) == 0).Select(slice => slice.Predicted(labels))];
        return new FalseAlarms(predicted.Count, predicted.Count(pixels => pixels > Negligible), predicted.Sum());
    }
}
