namespace CtSeg.Imaging.Png;

/// <summary>Turns restored rows of one PNG into 8-bit grey.</summary>
internal sealed class PngGrey
{
    private readonly PngFile _file;
    private readonly byte[]? _greyOfIndex;
    private readonly int _entries;

    public PngGrey(PngFile file)
    {
        _file = file;
        if (file.ColourType == 3)
        {
            var palette = file.Palette.Span;
            _entries = palette.Length / 3;
            _greyOfIndex = new byte[256];
            for (int i = 0; i < _entries; i++)
                _greyOfIndex[i] = GreyConversion.FromRgb8(palette[3 * i], palette[3 * i + 1], palette[3 * i + 2]);
        }
        else if (file.BitDepth < 8)
        {
            _entries = 1 << file.BitDepth;
            _greyOfIndex = new byte[256];
            for (int i = 0; i < _entries; i++)
                _greyOfIndex[i] = (byte)(i * 255 / (_entries - 1));
        }
    }

    /// <exception cref="SliceRejectedException">A pixel is outside the palette.</exception>
    public void Row(ReadOnlySpan<byte> row, Span<byte> grey)
    {
        if (_greyOfIndex is null)
        {
            GreyConversion.Row(row, new SampleLayout(_file.BitDepth, _file.Channels, _file.ColourType is 2 or 6, BigEndian: true), grey);
            return;
        }
        int bits = _file.BitDepth, mask = (1 << bits) - 1;
        for (int x = 0; x < grey.Length; x++)
        {
            int bit = x * bits;
            int index = (row[bit >> 3] >> (8 - bits - (bit & 7))) & mask;
            if (index >= _entries)
                throw SliceRejectedException.Corrupt("a pixel of the PNG is outside its palette");
            grey[x] = _greyOfIndex[index];
        }
    }
}
