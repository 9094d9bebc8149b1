using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Model;

/// <summary>A 1x1 convolution on channels-last strides: nothing is reordered, and the result can be used as rows of tokens.</summary>
internal static class PointwiseConvolution
{
    // oneDNN plans its 1x1 convolutions by the cache sizes that the processor tells. Where a virtual machine hides them they take up to ten times
    // as long, and with 1024 channels a division by zero ends the process: there a matrix product serves, which elsewhere is the slower way.
    private static readonly bool AsMatrixProduct = X86Base.IsSupported && !TellsCaches();

    // Of one weight a dilation changes nothing, but with it torch leaves the convolution to oneDNN on a single thread too, not to its own slower one.
    private static readonly long[] Dilated = [2, 2];

    /// <param name="map">[batch, input channels, height, width]</param>
    /// <param name="weight">[output channels, input channels, 1, 1]</param>
    /// <param name="bias">[output channels], or null.</param>
    /// <returns>[batch, output channels, height, width], channels-last strides.</returns>
    public static Tensor Apply(Tensor map, Tensor weight, Tensor? bias)
    {
        var onCpu = map.device_type == TorchSharp.DeviceType.CPU;
        // Of a single channel oneDNN makes planes, whose way back to channels-last order takes longer than all else.
        return onCpu && (AsMatrixProduct || map.size(1) == 1)
            ? Product(map, weight, bias)
            : ChannelsLast.Of(nn.functional.conv2d(ChannelsLast.Of(map), weight, bias, dilation: onCpu && get_num_threads() == 1 ? Dilated : null));
    }

    /// <summary>The same as a product of matrices.</summary>
    public static Tensor Product(Tensor map, Tensor weight, Tensor? bias)
    {
        using var scope = NewDisposeScope();
        var (batch, height, width) = (map.size(0), map.size(2), map.size(3));
        var rows = map.permute(0, 2, 3, 1).reshape(-1, map.size(1));
        var columns = weight.flatten(1).t();
        var product = bias is null ? rows.mm(columns) : bias.addmm(rows, columns);
        return product.reshape(batch, height, width, -1).permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    /// <summary>Leaf 4 of Intel and leaf 0x8000001D of AMD describe the caches one by one; the low five bits are the type, 0 where there is none.</summary>
    private static bool TellsCaches()
    {
        // The second register of leaf 0 starts the maker's name: "Auth" of AuthenticAMD, "Hygo" of HygonGenuine.
        var isAmd = X86Base.CpuId(0, 0).Ebx is 0x68747541 or 0x6F677948;
        var leaf = isAmd ? unchecked((int)0x8000001D) : 4;
        return (uint)X86Base.CpuId(leaf & unchecked((int)0x80000000), 0).Eax >= (uint)leaf && (X86Base.CpuId(leaf, 0).Eax & 0x1F) != 0;
    }
}
