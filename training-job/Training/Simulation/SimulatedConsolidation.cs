using CtSeg.Segmentation;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Training.Simulation;

/// <summary>
/// A lung whose lower part holds no air any more, as dense as the chest wall. What tells it from fluid are its ragged upper edge and the bronchi that
/// still hold air and run through it as dark branches. Vessels branch as they do, and serve as bronchi here.
/// </summary>
internal static class SimulatedConsolidation
{
    // Values a side of the noise that makes its edge ragged.
    private const int Knots = 9;

    // Of the lung's height.
    private const double Raggedness = 0.2;

    // A vessel is that much brighter than the median of its lung.
    private const float VesselAbove = 0.35f;

    // Of all pixels: what is larger is a lesion that nobody drew.
    private const double LargestBronchus = 0.0015;
    private const double BronchiOfVessels = 0.6;

    /// <param name="image">[1, 1, height, width], -1 to 1, the patient's back below.</param>
    /// <param name="mask">[1, 1, mask height, mask width], class numbers, over the same field of view.</param>
    /// <returns>New tensors of the same shapes; null where the slice shows no lung.</returns>
    public static (Tensor Image, Tensor Mask)? Add(Tensor image, Tensor mask, Random random)
    {
        var (picture, classes) = (image.data<float>().ToArray(), mask.data<float>().ToArray());
        var scale = new GridScale((int)image.size(3), (int)image.size(2), (int)mask.size(3), (int)mask.size(2));
        var seen = scale.Coarse(classes);
        var lungs = LungFields.Find(picture, seen, scale.Width);
        if (lungs.All.Count == 0)
            return null;
        var dense = Dense(lungs, seen, scale, random);
        var air = Air(picture, seen, dense, lungs, scale.Width, random);
        var filled = dense.Zip(air, (isDense, isAir) => isDense && !isAir).ToArray();
        var changed = (float[])picture.Clone();
        FluidTexture.Draw(picture, random).Fill(changed, filled, scale.Width, random);
        for (var pixel = 0; pixel < changed.Length; pixel++)
        {
            if (air[pixel])
                changed[pixel] = -picture[pixel];
        }
        return (tensor(changed, image.shape), tensor(Classes(classes, dense, air, scale), mask.shape));
    }

    /// <returns>By rows: the lower part of one lung or of all, but for fluid around it.</returns>
    private static bool[] Dense(LungFields lungs, float[] classes, GridScale scale, Random random)
    {
        var which = random.Next(lungs.All.Count + 1);
        var from = lungs.All.Select(_ => 0.4 + (0.5 * random.NextDouble())).ToArray();
        var noise = SmoothNoise(scale, random);
        var dense = new bool[classes.Length];
        for (var pixel = 0; pixel < dense.Length; pixel++)
        {
            var lung = lungs.Of(pixel);
            if (!lungs.Hold(pixel) || (which != lung && which != lungs.All.Count) || classes[pixel] == (float)LesionClass.PleuralEffusion)
                continue;
            var field = lungs.All[lung];
            var depth = ((pixel / scale.Width) - field.Top) / (double)Math.Max(1, field.Bottom - field.Top);
            dense[pixel] = depth + (Raggedness * noise[pixel]) > from[lung];
        }
        return dense;
    }

    /// <returns>By rows: those vessels in the dense part that become bronchi.</returns>
    private static bool[] Air(float[] picture, float[] classes, bool[] dense, LungFields lungs, int width, Random random)
    {
        var medians = lungs.All.Select((_, lung) => Median(picture, lungs, lung)).ToArray();
        var vessels = dense.Select((isDense, pixel) => isDense && classes[pixel] == 0 && picture[pixel] > medians[lungs.Of(pixel)] + VesselAbove).ToArray();
        var air = new bool[dense.Length];
        foreach (var vessel in PixelRegion.AllOf(vessels, width))
        {
            if (random.NextDouble() >= BronchiOfVessels || vessel.Pixels.Count > LargestBronchus * dense.Length)
                continue;
            foreach (var pixel in vessel.Pixels)
                air[pixel] = true;
        }
        return air;
    }

    private static float Median(float[] picture, LungFields lungs, int lung)
    {
        var values = picture.Where((_, pixel) => lungs.Of(pixel) == lung).ToArray();
        Array.Sort(values);
        return values[values.Length / 2];
    }

    /// <returns>By rows, mostly -1 to 1.</returns>
    private static float[] SmoothNoise(GridScale scale, Random random)
    {
        using var scope = NewDisposeScope();
        var knots = tensor([.. Enumerable.Range(0, Knots * Knots).Select(_ => (float)((2 * random.NextDouble()) - 1))], [1, 1, Knots, Knots]);
        return nn.functional.interpolate(knots, [scale.Height, scale.Width], mode: InterpolationMode.Bicubic, align_corners: true).contiguous().data<float>().ToArray();
    }

    private static float[] Classes(float[] classes, bool[] dense, bool[] air, GridScale scale)
    {
        var changed = (float[])classes.Clone();
        var coarse = scale.ToCoarse();
        for (var pixel = 0; pixel < changed.Length; pixel++)
        {
            var seen = coarse[pixel];
            if (dense[seen])
                changed[pixel] = (float)(air[seen] ? LesionClass.Background : LesionClass.Consolidation);
        }
        return changed;
    }
}
