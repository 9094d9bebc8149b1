using CtSeg.Segmentation;

namespace CtSeg.Measurements;

/// <summary>Measures masks.</summary>
public static class LesionMeasurer
{
    /// <summary>One entry for each lesion class, in the order of the classes, also where none was found.</summary>
    /// <param name="spacing">Of the mask's own pixels; null where unknown.</param>
    /// <exception cref="ArgumentException">The mask holds a value that is no class, or the spacing is not positive.</exception>
    public static IReadOnlyList<LesionMeasurement> Measure(LesionMask mask, PixelSpacing? spacing)
    {
        ArgumentNullException.ThrowIfNull(mask);
        if (spacing is not null && !(spacing.RowMm > 0 && spacing.ColumnMm > 0 && double.IsFinite(spacing.RowMm * spacing.ColumnMm)))
            throw new ArgumentException($"A pixel spacing of {spacing.RowMm} x {spacing.ColumnMm} mm is none.", nameof(spacing));
        var pixels = Count(mask);
        var lesions = new LesionMeasurement[LesionMask.ClassCount - 1];
        for (int i = 0; i < lesions.Length; i++)
        {
            long count = pixels[i + 1];
            double? area = spacing is null ? null : count * spacing.RowMm * spacing.ColumnMm;
            lesions[i] = new LesionMeasurement(((LesionClass)(i + 1)).Token, count, (double)count / mask.Labels.LongLength, area);
        }
        return lesions;
    }

    private static long[] Count(LesionMask mask)
    {
        var counts = new long[256];
        foreach (byte label in mask.Labels)
            counts[label]++;
        for (int label = LesionMask.ClassCount; label < counts.Length; label++)
        {
            if (counts[label] > 0)
                throw new ArgumentException($"The mask holds the value {label}, which is no class.", nameof(mask));
        }
        return counts;
    }
}
