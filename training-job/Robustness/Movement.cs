using CtSeg.Imaging;
using CtSeg.Segmentation;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Robustness;

/// <summary>Turns and scales a slice and its truth about the centre, in an unchanged frame; what comes in from outside is air.</summary>
internal static class Movement
{
    /// <param name="degrees">Clockwise.</param>
    public static (GreyImage Slice, LesionMask Truth) Apply(GreyImage slice, LesionMask truth, double degrees, double scale)
    {
        using var scope = NewDisposeScope();
        var moved = Sample(tensor(slice.Pixels, [1, 1, slice.Height, slice.Width], ScalarType.Byte), degrees, scale, GridSampleMode.Bilinear);
        var labels = Sample(tensor(truth.Labels, [1, 1, truth.Height, truth.Width], ScalarType.Byte), degrees, scale, GridSampleMode.Nearest);
        return (new GreyImage(slice.Width, slice.Height, moved), new LesionMask(truth.Width, truth.Height, labels));
    }

    private static byte[] Sample(Tensor picture, double degrees, double scale, GridSampleMode mode)
    {
        var (height, width) = (picture.size(2), picture.size(3));
        var (sine, cosine) = Math.SinCos(degrees * Math.PI / 180);
        // From the new place to the old one, in coordinates that run from -1 to 1 along either side.
        var map = tensor(
            [
                (float)(cosine / scale), (float)(sine / scale * height / width), 0,
                (float)(-sine / scale * width / height), (float)(cosine / scale), 0,
            ],
            [1, 2, 3]);
        var grid = nn.functional.affine_grid(map, [1, 1, height, width], align_corners: false);
        return nn.functional.grid_sample(picture.to(ScalarType.Float32), grid, mode, GridSamplePaddingMode.Zeros, align_corners: false)
            .round().to(ScalarType.Byte).contiguous().bytes.ToArray();
    }
}
