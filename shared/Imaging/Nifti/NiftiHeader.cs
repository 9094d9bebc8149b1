using System.Buffers.Binary;

namespace CtSeg.Imaging.Nifti;

/// <summary>How the numbers of a volume are stored; the values are the standard's codes.</summary>
public enum NiftiDatatype
{
    UInt8 = 2,
    Int16 = 4,
    Int32 = 8,
    Float32 = 16,
    Float64 = 64,
    UInt16 = 512,
}

/// <summary>
/// What is used of the 348 bytes at the start of a file (NIfTI-1.1, nifti1.h: sizeof_hdr at 0, dim at 40, datatype at 70, bitpix at 72,
/// vox_offset at 108, scl_slope at 112, scl_inter at 116, magic at 344; of the orientation, see <see cref="NiftiOrientation"/>).
/// </summary>
/// <param name="Width">Along the first axis, the one that changes fastest in the file.</param>
/// <param name="Height">Along the second axis.</param>
/// <param name="Slices">Along the third axis; 1 where there is none.</param>
/// <param name="DataOffset">Bytes from the start of the file to the first value.</param>
/// <param name="Slope">A value is stored * slope + intercept.</param>
public sealed record NiftiHeader(int Width, int Height, int Slices, NiftiDatatype Datatype, long DataOffset, double Slope, double Intercept, bool BigEndian)
{
    /// <value>Bytes of the header.</value>
    public const int Length = 348;

    /// <value>How the volume lies in the patient; null where the file does not say.</value>
    public NiftiOrientation? Orientation { get; init; }

    // With the four bytes that say whether extensions follow.
    private const int LeastOffset = 352;
    private const int MostDimensions = 7;

    /// <value>Bytes of one value.</value>
    public int BytesPerValue => BitsOf(Datatype) / 8;

    /// <param name="bytes">The first 348 of the file.</param>
    /// <exception cref="NiftiRejectedException">No NIfTI-1 header, or of a volume that is not read.</exception>
    public static NiftiHeader Parse(ReadOnlySpan<byte> bytes, NiftiLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        if (bytes.Length < Length)
            throw NiftiRejectedException.Truncated($"it ends after {bytes.Length} bytes, within its header");
        var fields = new NiftiFields(bytes, IsBigEndian(bytes));
        RequireMagic(bytes[344..348]);
        var (width, height, slices) = Sizes(fields, limits);
        var datatype = Datatyped(fields);
        var header = new NiftiHeader(width, height, slices, datatype, Offset(fields, limits), Slope: 1, Intercept: 0, fields.BigEndian);
        // Each factor is capped: the product cannot overflow.
        if ((long)width * height * slices > limits.MaxBytes / header.BytesPerValue)
            throw NiftiRejectedException.TooLarge($"it declares {width} x {height} x {slices} values, more than {limits.MaxBytes} bytes");
        var (slope, intercept) = Scaling(fields);
        return header with { Slope = slope, Intercept = intercept, Orientation = NiftiOrientation.Of(fields) };
    }

    private static bool IsBigEndian(ReadOnlySpan<byte> bytes)
    {
        int size = BinaryPrimitives.ReadInt32LittleEndian(bytes), swapped = BinaryPrimitives.ReverseEndianness(size);
        if (size == Length)
            return false;
        if (swapped == Length)
            return true;
        throw size == 540 || swapped == 540
            ? NiftiRejectedException.Unsupported("it is NIfTI-2")
            : NiftiRejectedException.Unsupported("it does not begin with the header of a NIfTI-1 file");
    }

    private static void RequireMagic(ReadOnlySpan<byte> magic)
    {
        if (magic.SequenceEqual("n+1\0"u8))
            return;
        throw magic.SequenceEqual("ni1\0"u8)
            ? NiftiRejectedException.Unsupported("it is only the header of a pair (.hdr and .img)")
            : NiftiRejectedException.Unsupported("its magic bytes are not those of NIfTI-1");
    }

    private static (int Width, int Height, int Slices) Sizes(NiftiFields fields, NiftiLimits limits)
    {
        int dimensions = fields.Int16(40);
        if (dimensions is < 1 or > MostDimensions)
            throw NiftiRejectedException.Corrupt($"it declares {dimensions} dimensions");
        if (dimensions < 2)
            throw NiftiRejectedException.Unsupported("it has one dimension, which is no picture");
        var sizes = new int[MostDimensions];
        for (int i = 0; i < sizes.Length; i++)
        {
            sizes[i] = i < dimensions ? fields.Int16(42 + 2 * i) : 1;
            if (sizes[i] < 1)
                throw NiftiRejectedException.Corrupt($"its dimension {i + 1} is {sizes[i]}");
        }
        if (sizes.AsSpan(3).ContainsAnyExcept(1))
            throw NiftiRejectedException.Unsupported("it has more than three dimensions");
        if ((long)sizes[0] * sizes[1] > limits.MaxSlicePixels)
            throw NiftiRejectedException.TooLarge($"its slices have {sizes[0]} x {sizes[1]} values, more than the {limits.MaxSlicePixels} that are allowed");
        if (sizes[2] > limits.MaxSlices)
            throw NiftiRejectedException.TooLarge($"it has {sizes[2]} slices, more than the {limits.MaxSlices} that are allowed");
        return (sizes[0], sizes[1], sizes[2]);
    }

    private static NiftiDatatype Datatyped(NiftiFields fields)
    {
        var datatype = (NiftiDatatype)fields.Int16(70);
        if (!Enum.IsDefined(datatype))
            throw NiftiRejectedException.Unsupported($"its numbers are of datatype {(int)datatype}; unsigned 8 and 16 bit, signed 16 and 32 bit, and floating point of 32 and 64 bit are read");
        int bits = fields.Int16(72);
        return bits == BitsOf(datatype) ? datatype : throw NiftiRejectedException.Corrupt($"it declares {bits} bits for numbers of {BitsOf(datatype)}");
    }

    private static long Offset(NiftiFields fields, NiftiLimits limits)
    {
        float offset = fields.Single(108);
        // A NaN is refused too.
        if (!(offset >= LeastOffset) || offset != MathF.Floor(offset))
            throw NiftiRejectedException.Corrupt($"its values are said to begin at byte {offset}");
        return offset - LeastOffset <= limits.MaxExtensionBytes
            ? (long)offset
            : throw NiftiRejectedException.TooLarge($"its values begin only at byte {offset}");
    }

    /// <summary>The standard: no scaling where the slope is zero. Some writers leave NaN there and mean the same.</summary>
    private static (double Slope, double Intercept) Scaling(NiftiFields fields)
    {
        float slope = fields.Single(112), intercept = fields.Single(116);
        if (slope == 0 || !float.IsFinite(slope))
            return (1, 0);
        return float.IsFinite(intercept) ? (slope, intercept) : throw NiftiRejectedException.Corrupt("its intercept is no number");
    }

    private static int BitsOf(NiftiDatatype datatype) => datatype switch
    {
        NiftiDatatype.UInt8 => 8,
        NiftiDatatype.Int16 or NiftiDatatype.UInt16 => 16,
        NiftiDatatype.Int32 or NiftiDatatype.Float32 => 32,
        _ => 64,
    };
}
