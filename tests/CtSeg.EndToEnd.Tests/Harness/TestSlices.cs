using CtSeg.Imaging;
using CtSeg.Local.Phantom;

namespace CtSeg.EndToEnd.Tests.Harness;

/// <summary>Slices to upload.</summary>
internal static class TestSlices
{
    private const int Side = 96;

    public static BinaryData Phantom(int seed, int side = Side) => new(PngWriter.Grey(PhantomSlice.Generate(seed, side).Image));

    public static Dictionary<string, BinaryData> Phantoms(string folder, int count) =>
        Enumerable.Range(1, count).ToDictionary(number => $"{folder}/slice-{number:000}.png", number => Phantom(number));

    /// <summary>A file that another program wrote.</summary>
    public static BinaryData Golden(string name) => new(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "golden", name)));
}
