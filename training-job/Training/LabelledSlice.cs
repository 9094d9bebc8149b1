using CtSeg.Imaging;
using CtSeg.Segmentation;

namespace CtSeg.TrainingJob.Training;

/// <summary>A slice with its truth.</summary>
/// <param name="Group">Slices that may show the same patient share it.</param>
/// <param name="Image">Preprocessed, at the network's size.</param>
/// <param name="Mask">At its own size.</param>
internal sealed record LabelledSlice(string Name, string Group, GreyImage Image, LesionMask Mask);
