using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Model;

/// <summary>The order of maps in memory in which convolutions are fastest: all channels of a pixel side by side.</summary>
internal static class ChannelsLast
{
    /// <param name="map">[batch, channels, height, width]</param>
    /// <returns>The same values and shape with channels-last strides; the map itself where it has them already.</returns>
    public static Tensor Of(Tensor map) => map.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
}
