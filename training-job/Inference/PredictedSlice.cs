using System.Security.Cryptography;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Measurements;
using CtSeg.Preprocessing;
using CtSeg.Segmentation;

namespace CtSeg.TrainingJob.Inference;

/// <summary>The result of one file: what the pipeline stores for a scan, in a folder.</summary>
internal sealed record PredictedSlice(ScanMetrics Metrics, LesionMask Mask, GreyImage Slice)
{
    /// <param name="name">Stands for the blob's path in the scan's identity.</param>
    /// <param name="file">Bytes of the upload.</param>
    /// <exception cref="SliceRejectedException">The file cannot be used.</exception>
    public static PredictedSlice Predict(SliceSegmenter segmenter, string name, byte[] file, TimeProvider time)
    {
        var started = time.GetTimestamp();
        var decoded = SliceDecoder.Decode(file);
        var image = SlicePreprocessor.Resize(decoded.Grey);
        var preprocessed = time.GetTimestamp();
        var mask = segmenter.Segment(image, decoded.Grey.Width, decoded.Grey.Height);
        var check = segmenter.Check(image);
        var inferred = time.GetTimestamp();
        var scanId = ScanId.FromContent(name, file);
        var metrics = new ScanMetrics(
            scanId,
            // Attempt 0: no message asked for it.
            $"{scanId}-0",
            name,
            Convert.ToHexStringLower(SHA256.HashData(file)),
            mask.Width,
            mask.Height,
            LesionMeasurer.Measure(mask, spacing: null),
            new ModelReference(segmenter.Manifest.Version, segmenter.Manifest.WeightsSha256),
            new PreprocessingSteps(GreyConversion.Description, AreaResize.Description, image.Width, image.Height),
            new StageDurations(
                time.GetElapsedTime(started, preprocessed).TotalMilliseconds, time.GetElapsedTime(preprocessed, inferred).TotalMilliseconds),
            time.GetUtcNow().UtcDateTime)
        {
            InputCheck = check,
        };
        return new PredictedSlice(metrics, mask, decoded.Grey);
    }

    /// <summary>Writes mask.png, overlay.png and metrics.json.</summary>
    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, "mask.png"), MaskPng.Write(Mask));
        File.WriteAllBytes(Path.Combine(folder, "overlay.png"), PngWriter.Rgb(Overlay.Draw(Slice, Mask)));
        File.WriteAllBytes(Path.Combine(folder, "metrics.json"), JsonSerializer.SerializeToUtf8Bytes(Metrics, ContractsJson.Default.ScanMetrics));
    }
}
