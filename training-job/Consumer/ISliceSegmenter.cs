using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Segmentation;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>A loaded model. Called by one thread at a time.</summary>
internal interface ISliceSegmenter : IDisposable
{
    ModelReference Model { get; }

    /// <param name="preprocessed">The image the network sees.</param>
    /// <param name="originalWidth">Of the upload and of the returned mask, pixels.</param>
    /// <param name="originalHeight">Of the upload and of the returned mask, pixels.</param>
    LesionMask Segment(GreyImage preprocessed, int originalWidth, int originalHeight);

    /// <returns>Null where the model cannot tell what it was made for.</returns>
    InputCheckResult? Check(GreyImage preprocessed);
}
