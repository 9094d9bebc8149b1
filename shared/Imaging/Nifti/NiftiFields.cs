using System.Buffers.Binary;

namespace CtSeg.Imaging.Nifti;

/// <summary>The numbers of a header by their offsets, in the byte order of the file.</summary>
/// <param name="bytes">At least <see cref="NiftiHeader.Length"/>.</param>
internal readonly ref struct NiftiFields(ReadOnlySpan<byte> bytes, bool bigEndian)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public bool BigEndian { get; } = bigEndian;

    public short Int16(int at) => BigEndian ? BinaryPrimitives.ReadInt16BigEndian(_bytes[at..]) : BinaryPrimitives.ReadInt16LittleEndian(_bytes[at..]);

    public float Single(int at) => BigEndian ? BinaryPrimitives.ReadSingleBigEndian(_bytes[at..]) : BinaryPrimitives.ReadSingleLittleEndian(_bytes[at..]);
}
