using CtSeg.Segmentation;

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

    /// <summary>
    /// Of all pixels, most of which are background and certain, and of those predicted as a lesion. Only what the network says may choose the pixels:
    /// among pixels chosen by their truth, missed lesions make the best probabilities look wrong.
    /// </summary>
    /// <param name="confidence">Of the predicted class, pixel by pixel.</param>
    public static (CalibrationCounts All, CalibrationCounts OfLesions) Of(LesionMask truth, LesionMask prediction, ReadOnlySpan<float> confidence)
    {
        var (all, lesions) = (new CalibrationCounts(), new CalibrationCounts());
        for (var pixel = 0; pixel < confidence.Length; pixel++)
        {
            var isCorrect = prediction.Labels[pixel] == truth.Labels[pixel];
            all.Add(confidence[pixel], isCorrect);
            if (prediction.Labels[pixel] != (byte)LesionClass.Background)
                lesions.Add(confidence[pixel], isCorrect);
        }
        return (all, lesions);
    }

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

    /// <summary>Mean probability - share correct, -1 to 1: above 0 the network is overconfident, below underconfident; null without pixels.</summary>
    public double? Overconfidence()
    {
        var total = _pixels.Sum();
        return total == 0 ? null : (_confidence.Sum() - _correct.Sum()) / total;
    }

    /// <summary>The bins that hold pixels, ascending.</summary>
    public IReadOnlyList<CalibrationBin> FilledBins() =>
    [
        .. Enumerable.Range(0, Bins).Where(bin => _pixels[bin] > 0).Select(bin => new CalibrationBin(
            (double)bin / Bins, (double)(bin + 1) / Bins, _pixels[bin], _confidence[bin] / _pixels[bin], (double)_correct[bin] / _pixels[bin])),
    ];
}
