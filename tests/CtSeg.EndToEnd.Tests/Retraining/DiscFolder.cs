using CtSeg.Imaging;
using CtSeg.Segmentation;
using CtSeg.Testing;

namespace CtSeg.EndToEnd.Tests.Retraining;

/// <summary>Writes a data folder of discs, as <c>train</c> and <c>data import</c> read it.</summary>
internal static class DiscFolder
{
    /// <param name="seed">Another one gives other slices, of other groups.</param>
    public static string Write(string folder, int slices, int seed)
    {
        Directory.CreateDirectory(Path.Combine(folder, "images"));
        Directory.CreateDirectory(Path.Combine(folder, "masks"));
        var random = new Random(seed);
        var names = Enumerable.Range(0, slices).Select(at => $"s{seed}-{at:00}").ToList();
        foreach (var name in names)
        {
            var (image, mask) = DiscSlice.Draw(random);
            File.WriteAllBytes(Path.Combine(folder, "images", $"{name}.png"), PngWriter.Grey(image));
            File.WriteAllBytes(Path.Combine(folder, "masks", $"{name}.png"), MaskPng.Write(mask));
        }
        File.WriteAllLines(Path.Combine(folder, "slices.csv"), ["slice,group", .. names.Select(name => $"{name},group-{name}")]);
        return folder;
    }
}
