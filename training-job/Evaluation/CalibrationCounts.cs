namespace CtSeg.TrainingJob.Evaluation;

/// <summary>
/// How far the network's probabilities can be believed: pixels in 15 equal bins of the probability of the class they are given
/// (arXiv:1706.04599, section 2).
/// </summary>
internal sealed class CalibrationCounts
{
    public const int Bins = 15;

    private readonly long[] _pixels = new long[Bins];
    private readonly long[] _correct = new long[Bins];
    private readonly double[] _confidence = new double[Bins];

    /// <param name="confidence">Probability of the given class, 0 to 1.</param>
    /// <param name="isCorrect">Whether the pixel truly has it.</param>
    public void Add(float confidence, bool isCorrect)
    {
        var bin = Math.Clamp((int)(confidence * Bins), 0, Bins - 1);
        _pixels[bin]++;
        _confidence[bin] += confidence;
        if (isCorrect)
            _correct[bin]++;
    }

    public static CalibrationCounts Sum(IEnumerable<CalibrationCounts> parts)
    {
        var sum = new CalibrationCounts();
        foreach (var part in parts)
        {
            for (var bin = 0; bin < Bins; bin++)
            {
                sum._pixels[bin] += part._pixels[bin];
                sum._correct[bin] += part._correct[bin];
                sum._confidence[bin] += part._confidence[bin];
            }
        }
        return sum;
    }

    /// <summary>Mean over the pixels of |share correct - mean probability| of their bin, 0 to 1; null without pixels.</summary>
    public double? ExpectedError()
    {
        var total = _pixels.Sum();
        return total == 0 ? null : Enumerable.Range(0, Bins).Sum(bin => Math.Abs(_correct[bin] - _confidence[bin])) / total;
    }
}
