using CtSeg.TrainingJob.Inference;

namespace CtSeg.TrainingJob.Bench;

/// <summary>Times predictions of real slices, from the file's bytes to mask, measurements and input check, one by one as `predict` makes them.</summary>
internal static class PredictionBench
{
    // The heap grows over the first calls.
    private const int WarmUp = 12;
    // The same few slices may be all that there are.
    private const int LeastMeasured = 60;

    /// <param name="files">Paths of slices.</param>
    /// <exception cref="Imaging.SliceRejectedException">A file cannot be used.</exception>
    public static PredictionMeasurement Measure(SliceSegmenter segmenter, IReadOnlyList<string> files, TimeProvider time, CancellationToken cancellationToken)
    {
        List<double> prediction = [], inference = [];
        for (var number = 0; number < WarmUp + Math.Max(LeastMeasured, files.Count); number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var path = files[number % files.Count];
            var content = File.ReadAllBytes(path);
            var started = time.GetTimestamp();
            var predicted = PredictedSlice.Predict(segmenter, Path.GetFileName(path), content, time);
            if (number < WarmUp)
                continue;
            prediction.Add(time.GetElapsedTime(started).TotalMilliseconds);
            inference.Add(predicted.Metrics.DurationsMs.Inference);
        }
        var size = segmenter.Manifest.Preprocessing;
        return new PredictionMeasurement(
            segmenter.Manifest.Version, size.Width, size.Height, prediction.Count, Median(prediction), Median(inference), prediction.Max(), PeakMemory.Highest);
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(values.Count() / 2);
}

/// <summary>How fast a model predicts.</summary>
/// <param name="Width">Of the network's input, pixels.</param>
/// <param name="Height">Of the network's input, pixels.</param>
/// <param name="Slices">That were timed, after others that were not.</param>
/// <param name="Ms">Median of a slice, decoding to measurements.</param>
/// <param name="InferenceMs">Median of mask and input check alone.</param>
/// <param name="SlowestMs">Of all.</param>
/// <param name="PeakMb">Highest resident memory of the process, all that it holds, MiB; null where the system does not tell.</param>
internal sealed record PredictionMeasurement(string Model, int Width, int Height, int Slices, double Ms, double InferenceMs, double SlowestMs, double? PeakMb)
{
    public override string ToString() => FormattableString.Invariant(
        $"{Model}: {Slices} slices at {Width} x {Height}: median {Ms:0} ms (mask and input check {InferenceMs:0} ms), slowest {SlowestMs:0} ms; {PeakMb:0} MiB");
}
