using System.Text.Json.Serialization;

namespace CtSeg.TrainingJob.Bench;

/// <summary>One engine at one length.</summary>
/// <param name="Engine">fused, reference, exact, naive, or naive-unfactorised (the paper's hash).</param>
/// <param name="Direction">forward, or both.</param>
/// <param name="Ms">Median of the repetitions.</param>
/// <param name="ExtraMb">Peak resident memory above that before the call, MiB.</param>
internal sealed record AttentionMeasurement(int Length, string Engine, string Direction, double Ms, double? ExtraMb);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<AttentionMeasurement>))]
[JsonSerializable(typeof(IReadOnlyList<ModelMeasurement>))]
[JsonSerializable(typeof(PredictionMeasurement))]
internal sealed partial class BenchJson : JsonSerializerContext;
