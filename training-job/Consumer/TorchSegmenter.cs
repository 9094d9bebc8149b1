using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>The model of the product.</summary>
internal sealed class TorchSegmenter : ISliceSegmenter
{
    private readonly SliceSegmenter _segmenter;

    private TorchSegmenter(SliceSegmenter segmenter)
    {
        _segmenter = segmenter;
        Model = new ModelReference(segmenter.Manifest.Version, segmenter.Manifest.WeightsSha256);
    }

    public ModelReference Model { get; }

    /// <exception cref="ModelRefusedException">The folder holds no usable model.</exception>
    public static TorchSegmenter Load(string folder)
    {
        try
        {
            return new TorchSegmenter(SliceSegmenter.Load(folder));
        }
        catch (ModelFolderException e)
        {
            throw new ModelRefusedException(e.Message, e);
        }
    }

    public LesionMask Segment(GreyImage preprocessed, int originalWidth, int originalHeight) =>
        _segmenter.Segment(preprocessed, originalWidth, originalHeight);

    public InputCheckResult? Check(GreyImage preprocessed) => _segmenter.Check(preprocessed);

    public void Dispose() => _segmenter.Dispose();
}
