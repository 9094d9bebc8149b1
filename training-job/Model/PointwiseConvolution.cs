using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Model;

/// <summary>A 1x1 convolution on channels-last strides: nothing is reordered, and the result can be used as rows of tokens.</summary>
internal static class PointwiseConvolution
{
    /// <param name="map">[batch, input channels, height, width]</param>
    /// <param name="weight">[output channels, input channels, 1, 1]</param>
    /// <param name="bias">[output channels], or null.</param>
    /// <returns>[batch, output channels, height, width], channels-last strides.</returns>
    public static Tensor Apply(Tensor map, Tensor weight, Tensor? bias) =>
        ChannelsLast.Of(nn.functional.conv2d(ChannelsLast.Of(map), weight, bias));
}
