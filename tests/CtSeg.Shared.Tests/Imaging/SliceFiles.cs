using System.Buffers.Binary;
using CtSeg.Imaging;

namespace CtSeg.Shared.Tests.Imaging;

/// <summary>One grey picture as each kind of upload (JPEG: see golden/*.jpg). Needs PngFiles.cs; both may be linked into other test projects.</summary>
internal static class SliceFiles
{
    public static byte[] Png8(GreyImage image) => PngWriter.Grey(image);

    public static byte[] PngRgb(GreyImage image) =>
        PngWriter.Rgb(new RgbImage(image.Width, image.Height, [.. image.Pixels.SelectMany(p => new[] { p, p, p })]));

    /// <summary>Grey p as 257 p, which full scale turns back into p.</summary>
    public static byte[] Png16(GreyImage image)
    {
        var rows = new byte[image.Height * (2 * image.Width + 1)];
        int to = 0;
        for (int i = 0; i < image.Pixels.Length; i++)
        {
            if (i % image.Width == 0)
                rows[to++] = 0;
            rows[to++] = image.Pixels[i];
            rows[to++] = image.Pixels[i];
        }
        return PngFiles.Make(image.Width, image.Height, bits: 16, colour: 0, PngFiles.Deflated(rows));
    }

    public static byte[] Tiff8(GreyImage image) => Tiff(image.Width, image.Height, bits: 8, image.Pixels);

    public static byte[] Tiff16(GreyImage image) =>
        Tiff(image.Width, image.Height, bits: 16, [.. image.Pixels.SelectMany(p => new[] { p, p })]);

    // One strip, little endian, black is zero.
    private static byte[] Tiff(int width, int height, int bits, byte[] samples)
    {
        (int Tag, int Value)[] tags =
            [(256, width), (257, height), (258, bits), (259, 1), (262, 1), (273, 8), (277, 1), (278, height), (279, samples.Length)];
        var directory = new byte[2 + 12 * tags.Length + 4];
        BinaryPrimitives.WriteInt16LittleEndian(directory, (short)tags.Length);
        for (int i = 0; i < tags.Length; i++)
        {
            var entry = directory.AsSpan(2 + 12 * i, 12);
            BinaryPrimitives.WriteInt16LittleEndian(entry, (short)tags[i].Tag);
            BinaryPrimitives.WriteInt16LittleEndian(entry[2..], 4);
            BinaryPrimitives.WriteInt32LittleEndian(entry[4..], 1);
            BinaryPrimitives.WriteInt32LittleEndian(entry[8..], tags[i].Value);
        }
        var start = new byte[8];
        "II*\0"u8.CopyTo(start);
        BinaryPrimitives.WriteInt32LittleEndian(start.AsSpan(4), 8 + samples.Length);
        return [.. start, .. samples, .. directory];
    }
}
