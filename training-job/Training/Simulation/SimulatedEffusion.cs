using CtSeg.Segmentation;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Training.Simulation;

/// <summary>
/// Fluid around lungs that have none: few slices show any, and a network learns it from none of them. It collects in the lowest part of the chest of a
/// patient who lies on the back and presses the lung up and inwards: the lower part of the lung, lesions and all, is moved away from the chest wall, and
/// what it leaves free becomes fluid.
/// </summary>
internal static class SimulatedEffusion
{
    /// <param name="image">[1, 1, height, width], -1 to 1, the patient's back below.</param>
    /// <param name="mask">[1, 1, mask height, mask width], class numbers, over the same field of view.</param>
    /// <returns>New tensors of the same shapes; null where the slice has an effusion of its own or shows no lung.</returns>
    public static (Tensor Image, Tensor Mask)? Add(Tensor image, Tensor mask, Random random)
    {
        var classes = mask.data<float>().ToArray();
        if (classes.Contains((float)LesionClass.PleuralEffusion))
            return null;
        var picture = image.data<float>().ToArray();
        var scale = new GridScale((int)image.size(3), (int)image.size(2), (int)mask.size(3), (int)mask.size(2));
        var lungs = LungFields.Find(picture, scale.Coarse(classes), scale.Width);
        if (lungs.All.Count == 0)
            return null;
        var pressed = PressedLungs.Press(lungs, LungPressure.Draw(lungs.All, scale.Width, random), scale.Width, scale.Height);
        var changed = pressed.Sources.Select(source => picture[source]).ToArray();
        FluidTexture.Draw(picture, random).Fill(changed, pressed.Fluid, scale.Width, random);
        return (tensor(changed, image.shape), tensor(Classes(classes, pressed, scale), mask.shape));
    }

    private static float[] Classes(float[] classes, PressedLungs pressed, GridScale scale)
    {
        var changed = (float[])classes.Clone();
        var coarse = scale.ToCoarse();
        for (var pixel = 0; pixel < changed.Length; pixel++)
        {
            var seen = coarse[pixel];
            if (pressed.Fluid[seen])
                changed[pixel] = (float)LesionClass.PleuralEffusion;
            else if (pressed.Sources[seen] != seen)
                changed[pixel] = classes[scale.Moved(pixel, seen, pressed.Sources[seen])];
        }
        return changed;
    }
}
