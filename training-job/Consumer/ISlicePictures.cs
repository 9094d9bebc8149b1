using CtSeg.Imaging;
using CtSeg.Measurements;
using CtSeg.Segmentation;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>Reads the preprocessed picture of a slice and makes the pictures and figures of its result.</summary>
internal interface ISlicePictures
{
    /// <exception cref="UnusableSliceException">The bytes are no picture that can be read.</exception>
    GreyImage Decode(BinaryData png);

    /// <returns>Palette PNG, values 0 to 3, size of the mask.</returns>
    BinaryData EncodeMask(LesionMask mask);

    /// <param name="preprocessed">Stretched to the size of the mask.</param>
    /// <returns>PNG, size of the mask.</returns>
    BinaryData EncodeOverlay(GreyImage preprocessed, LesionMask mask);

    /// <returns>One entry for each lesion class, in the order of the classes.</returns>
    IReadOnlyList<LesionMeasurement> Measure(LesionMask mask, PixelSpacing? spacing);
}
