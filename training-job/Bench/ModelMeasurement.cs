using System.Text.Json.Serialization;

namespace CtSeg.TrainingJob.Bench;

/// <summary>One network at one size.</summary>
/// <param name="Arch">m, m-a, m-r or unet.</param>
/// <param name="AttentionLevels">Levels that attend.</param>
/// <param name="InputSize">Side of the square input, pixels.</param>
/// <param name="Variant">fast: as inference runs it; naive: the same layers in torch's default layout, normalisation by itself.</param>
/// <param name="Ms">Median of the repetitions, and of the processes.</param>
/// <param name="PeakMb">Highest resident memory of a process that loads the network and predicts, all that it holds, MiB.</param>
internal sealed record ModelMeasurement(
    string Arch, IReadOnlyList<int> AttentionLevels, int BaseChannels, int InputSize, string Variant, double Ms, double? PeakMb)
{
    /// <summary>Several processes' measurements of one network as one: the median time, the most memory.</summary>
    public static ModelMeasurement Of(IReadOnlyList<ModelMeasurement> runs) =>
        runs[0] with { Ms = runs.Select(run => run.Ms).Order().ElementAt(runs.Count / 2), PeakMb = runs.Max(run => run.PeakMb) };

    public override string ToString() => FormattableString.Invariant(
        $"{Arch,-5} levels {'[' + string.Join(',', AttentionLevels) + ']',-9} base {BaseChannels,3} input {InputSize,4} {Variant,-6} {Ms,9:0.0} ms {PeakMb,7:0} MiB");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ModelMeasurement))]
internal sealed partial class BenchLineJson : JsonSerializerContext;
