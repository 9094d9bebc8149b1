using System.Text.Json.Serialization;

namespace CtSeg.Measurements;

/// <summary>How much of a slice one lesion class takes.</summary>
/// <param name="Class"><c>ground-glass-opacity</c>, <c>consolidation</c> or <c>pleural-effusion</c>.</param>
/// <param name="Pixels">At the size of the upload.</param>
/// <param name="Share">Of all pixels of the image, 0 to 1.</param>
/// <param name="AreaMm2">mm2; null where the pixel spacing is unknown.</param>
public sealed record LesionMeasurement(
    string Class,
    long Pixels,
    double Share,
    [property: JsonPropertyName("areaMm2")] double? AreaMm2);

/// <summary>Distance between the centres of neighbouring pixels, mm.</summary>
/// <param name="RowMm">Between rows (DICOM PS3.3 10.7.1.3: the first value).</param>
/// <param name="ColumnMm">Between columns.</param>
public sealed record PixelSpacing(double RowMm, double ColumnMm);
