using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Segmentation;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>How the work on one request ended without a fault.</summary>
internal enum SliceEnd
{
    /// <summary>This work made the result.</summary>
    Segmented,
    /// <summary>A whole result existed; status and event were made sure of.</summary>
    AlreadyDone,
    /// <summary>The scan had failed, here or elsewhere, and stays so.</summary>
    AlreadyFailed,
    /// <summary>The slice was erased meanwhile, and what was written is taken back.</summary>
    Erased,
}

/// <param name="Fetch">Reading status, manifest and image.</param>
/// <param name="Model">The model alone, without waiting for it.</param>
/// <param name="Store">Encoding and writing of the result.</param>
internal sealed record SliceDurations(TimeSpan Fetch, TimeSpan Model, TimeSpan Store);

/// <param name="Durations">Null where nothing was computed.</param>
internal sealed record SliceResult(SliceEnd End, SliceDurations? Durations)
{
    /// <value>What this work made and stored; null where it made nothing.</value>
    public SegmentedSlice? Segmented { get; init; }

    public static SliceResult AlreadyDone { get; } = new(SliceEnd.AlreadyDone, Durations: null);
    public static SliceResult AlreadyFailed { get; } = new(SliceEnd.AlreadyFailed, Durations: null);
}

/// <summary>A slice after the model.</summary>
/// <param name="Image">That the model saw.</param>
/// <param name="Model">That made the mask.</param>
internal sealed record SegmentedSlice(ScanId Scan, GreyImage Image, LesionMask Mask, ModelReference Model);

/// <summary>A slice before the model.</summary>
/// <param name="Claimed">The status as it was when the slice was taken on.</param>
internal sealed record FetchedSlice(CloudEvent<SegmentationRequested> Request, Scans.StoredStatus Claimed, ScanManifest Manifest, GreyImage Image);
