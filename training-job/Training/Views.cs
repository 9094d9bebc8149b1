using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Training;

/// <summary>Makes what the network is trained on out of a slice. Image and mask are sampled by the same map.</summary>
internal interface IViews
{
    /// <value>Views of a slice in an epoch.</value>
    int PerSlice { get; }

    /// <param name="image">[1, 1, height, width], scaled input.</param>
    /// <param name="mask">[1, 1, mask height, mask width], class numbers as floats, over the same field of view.</param>
    /// <param name="view">From 0 to below <see cref="PerSlice"/>; any number where views are drawn.</param>
    /// <returns>The view, [1, 1, size, size], and its classes, [1, size, size], 64-bit integers.</returns>
    (Tensor Image, Tensor Mask) Apply(Tensor image, Tensor mask, int epoch, int slice, int view);
}

/// <summary>How slices become views, by the name that the options carry.</summary>
internal static class Views
{
    /// <summary>The whole slice at the training size, always the same.</summary>
    public const string None = "none";

    /// <summary>Six of every slice, as in arXiv:2004.05645, section III-B.</summary>
    public const string Paper = "paper";

    /// <summary>Random crops, see <see cref="Augmentation"/>.</summary>
    public const string Varied = "varied";

    public static IReadOnlyList<string> All { get; } = [None, Paper, Varied];

    /// <exception cref="InvalidDataException">There are no views of that name.</exception>
    public static IViews Create(TrainingOptions options) => options.Views switch
    {
        None => new FixedViews(options.InputSize, FixedViews.Whole),
        Paper => new FixedViews(options.InputSize, FixedViews.OfPaper),
        Varied => new Augmentation(options.InputSize, options.Seed, options.Variation),
        _ => throw new InvalidDataException($"There are no views '{options.Views}': {string.Join(", ", All)} are known."),
    };

    /// <summary>Samples a slice by a map.</summary>
    /// <param name="map">[1, 2, 3]: from view to slice, both in coordinates from -1 to 1.</param>
    /// <param name="displacement">[1, size, size, 2], added to the places of the slice that the map gives; null for none.</param>
    public static (Tensor Image, Tensor Mask) Sample(Tensor image, Tensor mask, Tensor map, int size, Tensor? displacement = null)
    {
        using var scope = NewDisposeScope();
        var grid = nn.functional.affine_grid(map, [1, 1, size, size], align_corners: false);
        if (displacement is not null)
            grid = grid.add(displacement, alpha: One);
        // Outside the slice is air (-1) without lesions: samples are taken from values shifted by one.
        var view = nn.functional.grid_sample(image.add(Kept(1), alpha: One), grid, GridSampleMode.Bilinear, GridSamplePaddingMode.Zeros, align_corners: false).sub_(Kept(1));
        var classes = nn.functional.grid_sample(mask, grid, GridSampleMode.Nearest, GridSamplePaddingMode.Zeros, align_corners: false)
            .squeeze(1).to(ScalarType.Int64);
        return (view.MoveToOuterDisposeScope(), classes.MoveToOuterDisposeScope());
    }
}
