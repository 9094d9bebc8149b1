using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Imaging;
using CtSeg.Preprocessing;
using CtSeg.Segmentation;

namespace CtSeg.Shared.Tests.DataSets;

/// <summary>Blotchy pictures, each seed another, and slices made of them.</summary>
internal static class Pictures
{
    public const int Side = 64;
    public static readonly DateTime Now = new(2026, 11, 27, 2, 0, 0, DateTimeKind.Utc);

    public static GreyImage Blotches(int seed, int blotches = 12, int side = Side)
    {
        var few = new byte[blotches * blotches];
        new Random(seed).NextBytes(few);
        return AreaResize.Resize(new GreyImage(blotches, blotches, [.. few.Select(grey => (byte)(40 + grey * 2 / 3))]), side, side);
    }

    public static GreyImage Map(GreyImage picture, Func<double, double> map) =>
        new(picture.Width, picture.Height, [.. picture.Pixels.Select(grey => (byte)Math.Clamp(Math.Round(map(grey)), 0, 255))]);

    public static LesionMask Mask(byte label = 1, int at = 100, int side = Side)
    {
        var labels = new byte[side * side];
        labels.AsSpan(at, 40).Fill(label);
        return new LesionMask(side, side, labels);
    }

    public static NewSlice Slice(int seed, string group = "g", LesionMask? mask = null, string? name = null) => Slice(Blotches(seed), name ?? $"slice {seed}", group, mask);

    public static NewSlice Slice(GreyImage picture, string name, string group, LesionMask? mask = null)
    {
        var file = new BinaryData(PngWriter.Grey(picture));
        return new NewSlice(NewSlice.IdOf(name, file), name, group, file, mask ?? Mask(), new SliceOrigin(SliceOrigins.Import, Now) { Source = "test" });
    }

    /// <summary>A document of a slice without files.</summary>
    public static TrainingSlice Document(string id, string group, string fingerprint, string? picture = null) => new(
        ScanId.Parse(id), id, group, new string('a', 64), new PictureIdentity(picture ?? id.PadLeft(64, '0'), fingerprint), new string('b', 64), 2, 2, [4, 0, 0, 0],
        new SliceOrigin(SliceOrigins.Import, Now));

    /// <summary>A fingerprint with the first bits set.</summary>
    public static string Bits(int count)
    {
        var bytes = new byte[32];
        for (var bit = 0; bit < count; bit++)
            bytes[bit / 8] |= (byte)(0x80 >> (bit % 8));
        return Convert.ToHexStringLower(bytes);
    }
}
