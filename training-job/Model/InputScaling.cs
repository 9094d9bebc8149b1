using CtSeg.Imaging;
using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Model;

/// <summary>How grey values become the network's input, alike in training and in inference: 0..255 becomes -1..1.</summary>
internal static class InputScaling
{
    public const string Description = "grey / 127.5 - 1";

    /// <returns>[1, 1, height, width], 32-bit floats.</returns>
    public static Tensor ToTensor(GreyImage image) =>
        Scale(tensor(image.Pixels, [1, 1, image.Height, image.Width], ScalarType.Byte).to(ScalarType.Float32));

    /// <param name="input">[batch, 1, height, width]</param>
    /// <returns>[batch, 1, side, side], each pixel the mean of what it covers; the input where side is null.</returns>
    public static Tensor ToSide(Tensor input, int? side) => side is { } wanted && (input.size(2) != wanted || input.size(3) != wanted)
        ? nn.functional.interpolate(input, [wanted, wanted], mode: InterpolationMode.Area)
        : input.alias();

    public static Tensor Scale(Tensor grey) => grey.div(Kept(127.5)).sub_(Kept(1));
}
