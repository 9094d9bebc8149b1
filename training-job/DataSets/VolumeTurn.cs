using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Imaging.Nifti;

namespace CtSeg.TrainingJob.DataSets;

/// <summary>How the slices of a pair of volumes are turned.</summary>
/// <param name="Warning">Null where the volumes or the caller say how they lie.</param>
internal sealed record VolumeTurn(PictureTurn Turn, string? Warning = null)
{
    /// <param name="images">Null where the file has none.</param>
    /// <param name="masks">Null where the file has none: then the masks lie as the images do, and the other way round.</param>
    /// <param name="given">By the caller; it replaces both.</param>
    /// <exception cref="NiftiRejectedException">The two lie in different ways, or their slices are not axial.</exception>
    public static VolumeTurn Of(NiftiOrientation? images, NiftiOrientation? masks, PictureTurn? given)
    {
        if (given is not null)
            return new VolumeTurn(given);
        if ((images ?? masks) is not { } orientation)
            return new VolumeTurn(
                new PictureTurn(0, Flip: false),
                "The volumes do not say how they lie, so slices stay as they are stored: look at one (data show ID --overlay FILE), and import again with --rotate or --flip if it does not lie with the patient's front above and the patient's right on the left.");
        if (masks is not null && masks != orientation)
            throw new NiftiRejectedException(
                FailureReason.Corrupt, $"The images lie {orientation}, the masks {masks}: save the masks on the grid of the images, or say with --rotate and --flip how both lie.");
        return orientation.IsAxial
            ? new VolumeTurn(orientation.ToRadiological())
            : throw new NiftiRejectedException(
                FailureReason.UnsupportedKind, $"The volumes lie {orientation}, so that their slices are not axial: save them with axial slices, or say with --rotate and --flip how those that are stored lie.");
    }
}
