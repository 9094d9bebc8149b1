using CtSeg.Imaging;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Model;

/// <summary>How grey values become the network's input, alike in training and in inference: 0..255 becomes -1..1.</summary>
internal static class InputScaling
{
    public const string Description = "grey / 127.5 - 1";

    /// <returns>[1, 1, height, width], 32-bit floats.</returns>
    public static Tensor ToTensor(GreyImage image) =>
        Scale(tensor(image.Pixels, [1, 1, image.Height, image.Width], ScalarType.Byte).to(ScalarType.Float32));

    public static Tensor Scale(Tensor grey) => grey.div(127.5).sub_(1);
}
