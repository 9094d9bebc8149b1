using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Model;

/// <summary>A 1x1 convolution as the matrix product that it is: with channels-last strides nothing is reordered.</summary>
internal static class PointwiseConvolution
{
    /// <param name="map">[batch, input channels, height, width]</param>
    /// <param name="weight">[output channels, input channels, 1, 1]</param>
    /// <param name="bias">[output channels], or null.</param>
    /// <returns>[batch, output channels, height, width], channels-last strides.</returns>
    public static Tensor Apply(Tensor map, Tensor weight, Tensor? bias) =>
        nn.functional.linear(map.permute(0, 2, 3, 1), weight.flatten(1), bias).permute(0, 3, 1, 2);
}
