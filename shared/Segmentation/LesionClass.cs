namespace CtSeg.Segmentation;

/// <summary>The classes of a mask; the value of a mask's pixel is the number of its class (arXiv:2004.05645, section III).</summary>
public enum LesionClass
{
    Background = 0,
    GroundGlassOpacity = 1,
    Consolidation = 2,
    PleuralEffusion = 3,
}
