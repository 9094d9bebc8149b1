using System.Buffers.Binary;
using System.IO.Compression;

namespace CtSeg.TrainingJob.Tests.DataSets;

/// <summary>Two small NIfTI-1 files: Hounsfield units as 32-bit floats, labels as bytes.</summary>
internal static class NiftiPair
{
    /// <param name="sform">Its nine numbers row by row; null for a file that does not say how it lies.</param>
    public static void Write(string file, int width, int height, int slices, float[] values, float[]? sform = null)
    {
        var content = new byte[352 + 4 * values.Length];
        Header(content, width, height, slices, datatype: 16, bits: 32, sform);
        for (var i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(content.AsSpan(352 + 4 * i), values[i]);
        Save(file, content);
    }

    public static void Write(string file, int width, int height, int slices, byte[] values, float[]? sform = null)
    {
        var content = new byte[352 + values.Length];
        Header(content, width, height, slices, datatype: 2, bits: 8, sform);
        values.CopyTo(content, 352);
        Save(file, content);
    }

    private static void Header(byte[] content, int width, int height, int slices, short datatype, short bits, float[]? sform)
    {
        BinaryPrimitives.WriteInt32LittleEndian(content, 348);
        short[] dim = [3, (short)width, (short)height, (short)slices, 1, 1, 1, 1];
        for (var i = 0; i < dim.Length; i++)
            BinaryPrimitives.WriteInt16LittleEndian(content.AsSpan(40 + 2 * i), dim[i]);
        BinaryPrimitives.WriteInt16LittleEndian(content.AsSpan(70), datatype);
        BinaryPrimitives.WriteInt16LittleEndian(content.AsSpan(72), bits);
        BinaryPrimitives.WriteSingleLittleEndian(content.AsSpan(108), 352);
        "n+1\0"u8.CopyTo(content.AsSpan(344));
        if (sform is null)
            return;
        BinaryPrimitives.WriteInt16LittleEndian(content.AsSpan(254), 1);
        for (var i = 0; i < sform.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(content.AsSpan(280 + 16 * (i / 3) + 4 * (i % 3)), sform[i]);
    }

    private static void Save(string path, byte[] content)
    {
        using var file = File.Create(path);
        using Stream to = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionLevel.Fastest) : file;
        to.Write(content);
    }
}
