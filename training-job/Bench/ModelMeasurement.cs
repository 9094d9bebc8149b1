namespace CtSeg.TrainingJob.Bench;

/// <summary>One network at one size.</summary>
/// <param name="Arch">m, m-a, m-r or unet.</param>
/// <param name="AttentionLevels">Levels that attend.</param>
/// <param name="InputSize">Side of the square input, pixels.</param>
/// <param name="Variant">fast: as inference runs it; naive: the same layers in torch's default layout, normalisation by itself.</param>
/// <param name="Ms">Median of the repetitions.</param>
/// <param name="PeakMb">Highest resident memory during a call, above that before it, MiB.</param>
internal sealed record ModelMeasurement(
    string Arch, IReadOnlyList<int> AttentionLevels, int BaseChannels, int InputSize, string Variant, double Ms, double? PeakMb);
