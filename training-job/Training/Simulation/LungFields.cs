namespace CtSeg.TrainingJob.Training.Simulation;

/// <summary>
/// Where the lungs are in an axial slice: large dark regions that the body encloses, with their lesions and vessels. Good enough to vary slices, not to
/// measure lungs.
/// </summary>
internal sealed class LungFields
{
    // About -450 HU where the window is that of the training data; lesions are brighter and known.
    private const float DarkBelow = 0.1f;

    // Of all pixels. Smaller regions are airways, bowel or letters; larger holes are not vessels.
    private const double LeastLung = 0.015;
    private const double LargestVessel = 0.005;
    private const int Outside = -1;

    private readonly int[] _fields;

    private LungFields(int[] fields, IReadOnlyList<LungField> all) => (_fields, All) = (fields, all);

    public IReadOnlyList<LungField> All { get; }

    /// <param name="image">By rows, -1 to 1.</param>
    /// <param name="classes">By rows, as large as the image; above 0 for a lesion.</param>
    public static LungFields Find(ReadOnlySpan<float> image, ReadOnlySpan<float> classes, int width)
    {
        var dark = new bool[image.Length];
        for (var pixel = 0; pixel < dark.Length; pixel++)
            dark[pixel] = image[pixel] < DarkBelow || classes[pixel] > 0;
        var fields = new int[dark.Length];
        Array.Fill(fields, Outside);
        var lungs = PixelRegion.AllOf(dark, width).Where(region => !region.TouchesBorder && region.Pixels.Count >= LeastLung * dark.Length).ToList();
        for (var index = 0; index < lungs.Count; index++)
            Fill(fields, lungs[index], index);
        foreach (var hole in PixelRegion.AllOf(Array.ConvertAll(fields, field => field == Outside), width))
        {
            // Left of the first pixel of a hole is what it is a hole in.
            if (!hole.TouchesBorder && hole.Pixels.Count < LargestVessel * dark.Length)
                Fill(fields, hole, fields[hole.Pixels[0] - 1]);
        }
        return new LungFields(fields, [.. lungs.Select(lung => LungField.Around(lung, width))]);
    }

    /// <summary>Whether the pixel, counted by rows, lies in a lung.</summary>
    public bool Hold(int pixel) => _fields[pixel] != Outside;

    /// <returns>The number of the lung in which the pixel lies; -1 for none.</returns>
    public int Of(int pixel) => _fields[pixel];

    private static void Fill(int[] fields, PixelRegion region, int field)
    {
        foreach (var pixel in region.Pixels)
            fields[pixel] = field;
    }
}
