using StbImageSharp;

namespace CtSeg.Imaging.Jpeg;

/// <summary>Reads JPEG, baseline and progressive, 8 bits.</summary>
internal static class JpegReader
{
    /// <exception cref="SliceRejectedException"/>
    public static DecodedSlice Decode(ReadOnlyMemory<byte> content, ImageLimits limits)
    {
        var file = JpegFile.Parse(content.Span, limits);
        // A grey file asks for grey; colour is converted here so that every kind of file has the same weights.
        var wanted = file.Channels == 1 ? ColorComponents.Grey : ColorComponents.RedGreenBlue;
        ImageResult image;
        try
        {
            image = ImageResult.FromMemory(content.ToArray(), wanted);
        }
        catch (Exception e) when (e is InvalidOperationException or IndexOutOfRangeException or ArgumentException
            or NullReferenceException or OverflowException or EndOfStreamException)
        {
            // The library has no exception of its own.
            throw SliceRejectedException.Corrupt("the compressed data of the JPEG is not valid", e);
        }
        if (image.Width != file.Width || image.Height != file.Height)
            throw SliceRejectedException.Corrupt("the JPEG declares two different sizes");
        return new DecodedSlice(new GreyImage(file.Width, file.Height, Grey(image)), ImageKind.Jpeg, BitDepth: 8, file.Channels);
    }

    private static byte[] Grey(ImageResult image)
    {
        if (image.Comp == ColorComponents.Grey)
            return image.Data;
        var grey = new byte[image.Width * image.Height];
        GreyConversion.Row(image.Data, new SampleLayout(8, 3, IsColour: true, BigEndian: false), grey);
        return grey;
    }
}
