namespace CtSeg.TrainingJob.Inference;

/// <summary>The slices that an argument names.</summary>
internal static class SliceFiles
{
    private static readonly HashSet<string> Extensions = new(StringComparer.OrdinalIgnoreCase) { ".png", ".jpg", ".jpeg", ".tif", ".tiff" };

    /// <param name="input">A file, or a folder of them.</param>
    public static IEnumerable<string> Of(string input) => Directory.Exists(input)
        ? Directory.EnumerateFiles(input).Where(path => Extensions.Contains(Path.GetExtension(path))).Order(StringComparer.Ordinal)
        : [input];
}
