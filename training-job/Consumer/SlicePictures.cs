using CtSeg.Imaging;
using CtSeg.Measurements;
using CtSeg.Preprocessing;
using CtSeg.Segmentation;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>The pictures and figures of the product.</summary>
internal sealed class SlicePictures : ISlicePictures
{
    public GreyImage Decode(BinaryData png)
    {
        try
        {
            return SlicePreprocessor.FromPng(png.ToMemory());
        }
        catch (SliceRejectedException e)
        {
            throw new UnusableSliceException("its preprocessed image cannot be read", e);
        }
    }

    public BinaryData EncodeMask(LesionMask mask) => new(MaskPng.Write(mask));

    public BinaryData EncodeOverlay(GreyImage preprocessed, LesionMask mask) =>
        new(PngWriter.Rgb(Overlay.Draw(AreaResize.Resize(preprocessed, mask.Width, mask.Height), mask)));

    public IReadOnlyList<LesionMeasurement> Measure(LesionMask mask, PixelSpacing? spacing) => LesionMeasurer.Measure(mask, spacing);
}
