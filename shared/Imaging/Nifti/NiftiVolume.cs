using System.Buffers.Binary;
using System.IO.Compression;

namespace CtSeg.Imaging.Nifti;

/// <summary>
/// A NIfTI-1 file (.nii, .nii.gz), read slice by slice: what a file unpacks to is never held or read beyond what its header declares. Slices are as they
/// are stored; <see cref="NiftiHeader.Orientation"/> tells how to turn them.
/// </summary>
public sealed class NiftiVolume : IDisposable
{
    private readonly Stream _content;
    private readonly byte[] _stored;
    private int _read;

    private NiftiVolume(Stream content, NiftiHeader header)
    {
        (_content, Header) = (content, header);
        _stored = new byte[checked(header.Width * header.Height * header.BytesPerValue)];
    }

    public NiftiHeader Header { get; }

    /// <param name="file">Packed with gzip or not; its first bytes tell. It must seek, and is disposed with the volume.</param>
    /// <param name="limits">Null for <see cref="NiftiLimits.Default"/>.</param>
    /// <exception cref="NiftiRejectedException">Not a volume that can be read.</exception>
    public static NiftiVolume Open(Stream file, NiftiLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        limits ??= NiftiLimits.Default;
        var content = Unpacked(file);
        try
        {
            var bytes = new byte[NiftiHeader.Length];
            int length = Fill(content, bytes);
            if (length == 0)
                throw NiftiRejectedException.Truncated("it is empty");
            var header = NiftiHeader.Parse(bytes.AsSpan(0, length), limits);
            Skip(content, header.DataOffset - NiftiHeader.Length);
            return new NiftiVolume(content, header);
        }
        catch (NiftiRejectedException)
        {
            content.Dispose();
            throw;
        }
    }

    /// <summary>The next slice along the third axis.</summary>
    /// <returns>[height, width] values after scaling, row by row: the first axis runs along a row, the second downwards. Null after the last slice.</returns>
    /// <exception cref="NiftiRejectedException">The file ends early or cannot be unpacked.</exception>
    public double[]? ReadSlice()
    {
        if (_read == Header.Slices)
            return null;
        if (Fill(_content, _stored) < _stored.Length)
            throw NiftiRejectedException.Truncated($"it ends within slice {_read + 1} of {Header.Slices}");
        _read++;
        var values = new double[_stored.Length / Header.BytesPerValue];
        Decode(values);
        for (int i = 0; i < values.Length; i++)
            values[i] = values[i] * Header.Slope + Header.Intercept;
        return values;
    }

    public void Dispose() => _content.Dispose();

    private void Decode(Span<double> values)
    {
        ReadOnlySpan<byte> stored = _stored;
        int step = Header.BytesPerValue;
        for (int i = 0; i < values.Length; i++)
        {
            var at = stored.Slice(i * step, step);
            values[i] = (Header.Datatype, Header.BigEndian) switch
            {
                (NiftiDatatype.UInt8, _) => at[0],
                (NiftiDatatype.Int16, false) => BinaryPrimitives.ReadInt16LittleEndian(at),
                (NiftiDatatype.Int16, true) => BinaryPrimitives.ReadInt16BigEndian(at),
                (NiftiDatatype.UInt16, false) => BinaryPrimitives.ReadUInt16LittleEndian(at),
                (NiftiDatatype.UInt16, true) => BinaryPrimitives.ReadUInt16BigEndian(at),
                (NiftiDatatype.Int32, false) => BinaryPrimitives.ReadInt32LittleEndian(at),
                (NiftiDatatype.Int32, true) => BinaryPrimitives.ReadInt32BigEndian(at),
                (NiftiDatatype.Float32, false) => BinaryPrimitives.ReadSingleLittleEndian(at),
                (NiftiDatatype.Float32, true) => BinaryPrimitives.ReadSingleBigEndian(at),
                (_, false) => BinaryPrimitives.ReadDoubleLittleEndian(at),
                (_, true) => BinaryPrimitives.ReadDoubleBigEndian(at),
            };
        }
    }

    private static Stream Unpacked(Stream file)
    {
        Span<byte> start = stackalloc byte[2];
        bool packed = file.ReadAtLeast(start, 2, throwOnEndOfStream: false) == 2 && start.SequenceEqual((ReadOnlySpan<byte>)[0x1F, 0x8B]);
        file.Position = 0;
        return packed ? new GZipStream(file, CompressionMode.Decompress) : file;
    }

    private static void Skip(Stream content, long count)
    {
        var passed = new byte[Math.Min(count, 64 * 1024)];
        while (count > 0)
        {
            int wanted = (int)Math.Min(count, passed.Length);
            if (Fill(content, passed.AsSpan(0, wanted)) < wanted)
                throw NiftiRejectedException.Truncated("it ends before its values begin");
            count -= wanted;
        }
    }

    private static int Fill(Stream content, Span<byte> bytes)
    {
        try
        {
            return content.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException e)
        {
            throw NiftiRejectedException.Corrupt("it cannot be unpacked", e);
        }
    }
}
