using System.IO.Compression;

namespace CtSeg.Shared.Tests.Imaging.Nifti;

/// <summary>NIfTI-1 files byte by byte, as nifti1.h of the standard (nifti.nimh.nih.gov, NIfTI-1.1) lays them out.</summary>
internal sealed class NiftiFiles(bool bigEndian = false)
{
    public byte[] Header { get; } = new byte[352];

    public static NiftiFiles Of(short[] dim, short datatype, short bits, bool bigEndian = false, float offset = 352, float slope = 0, float intercept = 0)
    {
        var file = new NiftiFiles(bigEndian);
        file.Put(0, 348);
        for (var i = 0; i < dim.Length; i++)
            file.Put(40 + 2 * i, dim[i]);
        file.Put(70, datatype);
        file.Put(72, bits);
        file.Put(108, offset);
        file.Put(112, slope);
        file.Put(116, intercept);
        "n+1\0"u8.CopyTo(file.Header.AsSpan(344));
        return file;
    }

    public void Put(int at, int value) => Turned(BitConverter.GetBytes(value)).CopyTo(Header, at);
    public void Put(int at, short value) => Turned(BitConverter.GetBytes(value)).CopyTo(Header, at);
    public void Put(int at, float value) => Turned(BitConverter.GetBytes(value)).CopyTo(Header, at);

    public byte[] With(params byte[][] values) => [.. Header, .. values.SelectMany(Turned)];

    public static byte[] Packed(byte[] file)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(file);
        return packed.ToArray();
    }

    // BitConverter writes in the order of this machine.
    private byte[] Turned(byte[] bytes) => bigEndian == BitConverter.IsLittleEndian ? [.. bytes.Reverse()] : bytes;
}
