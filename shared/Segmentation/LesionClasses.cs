namespace CtSeg.Segmentation;

/// <summary>Names and colours of the classes, the same in every document and picture.</summary>
public static class LesionClasses
{
    // Okabe and Ito's colour-blind safe palette: sky blue, orange, reddish purple.
    private static readonly byte[] PaletteBytes = [0, 0, 0, 86, 180, 233, 230, 159, 0, 204, 121, 167];

    /// <value>RGB triples in the order of the classes; background is black.</value>
    public static ReadOnlySpan<byte> Palette => PaletteBytes;

    extension(LesionClass lesion)
    {
        /// <value>The class in documents, for example <c>ground-glass-opacity</c>.</value>
        public string Token => lesion switch
        {
            LesionClass.Background => "background",
            LesionClass.GroundGlassOpacity => "ground-glass-opacity",
            LesionClass.Consolidation => "consolidation",
            LesionClass.PleuralEffusion => "pleural-effusion",
            _ => throw new ArgumentOutOfRangeException(nameof(lesion), lesion, "Not a class of masks."),
        };
    }
}
