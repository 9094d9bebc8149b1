using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Consumer;

namespace CtSeg.TrainingJob.Tests.Consumer.Fakes;

/// <summary>Classes by grey value, so that another image has another mask.</summary>
internal sealed class FakeSegmenter : ISliceSegmenter
{
    private int _calls;

    public ModelReference Model { get; set; } = new("test-1", new string('a', 64));

    /// <value>Called with the image before it is segmented; may throw or block.</value>
    public Action<GreyImage>? Before { get; init; }

    public int Calls => _calls;

    public LesionMask Segment(GreyImage preprocessed, int originalWidth, int originalHeight)
    {
        Interlocked.Increment(ref _calls);
        Before?.Invoke(preprocessed);
        var labels = new byte[originalWidth * originalHeight];
        for (var i = 0; i < labels.Length; i++)
            labels[i] = (byte)(preprocessed.Pixels[i] / 64);
        return new LesionMask(originalWidth, originalHeight, labels);
    }

    /// <summary>A slice that is darker than half is called foreign.</summary>
    public InputCheckResult? Check(GreyImage preprocessed) => InputCheckResult.Of(1 - (preprocessed.Pixels.Average(pixel => (double)pixel) / 255));

    public bool IsDisposed { get; private set; }

    public void Dispose() => IsDisposed = true;
}
