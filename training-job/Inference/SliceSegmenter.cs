using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Models;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.InputCheck;
using CtSeg.TrainingJob.Model;
using CtSeg.TrainingJob.Registry;
using TorchSharp;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Inference;

/// <summary>
/// Turns preprocessed slices into masks, one by one: the same slice gives the same mask, whatever came before it.
/// Not for use from several threads at once.
/// </summary>
internal sealed class SliceSegmenter : IDisposable
{
    private readonly ResidualAttentionUNet _network;
    private readonly InputCheckNetwork? _inputCheck;

    /// <summary>Takes over the network, which must be in evaluation mode.</summary>
    public SliceSegmenter(ModelManifest manifest, ResidualAttentionUNet network, InputCheckNetwork? inputCheck = null) =>
        (Manifest, _network, _inputCheck) = (manifest, network, inputCheck);

    public ModelManifest Manifest { get; }

    /// <summary>Loads a model folder and checks its hash; onto the device of <see cref="ComputeDevice"/>, but for the input check, which is too small to gain by it.</summary>
    /// <exception cref="ModelFolderException">The folder holds no usable model.</exception>
    public static SliceSegmenter Load(string modelFolder) => Load(() => ModelFolder.Load(modelFolder));

    /// <summary>The same for a model of the storage.</summary>
    /// <exception cref="ModelFolderException">It is no usable model.</exception>
    public static SliceSegmenter Load(ModelFiles files) => Load(() => ModelFolder.Load(files));

    private static SliceSegmenter Load(Func<LoadedModel> load)
    {
        Threads.Fix();
        var (manifest, network, inputCheck) = load();
        network.to(ComputeDevice.Current);
        network.FoldNormalisation();
        return new SliceSegmenter(manifest, network, inputCheck);
    }

    /// <summary>Tells whether a slice looks like those the model was trained on.</summary>
    /// <returns>Null where the model does not know.</returns>
    public InputCheckResult? Check(GreyImage preprocessed) => _inputCheck is null ? null : InputCheckResult.Of(_inputCheck.Score(preprocessed));

    /// <summary>Segments one slice.</summary>
    /// <param name="preprocessed">Grey, at the size the manifest's preprocessing names (another size works, less well).</param>
    /// <param name="originalWidth">Width of the mask: that of the upload, pixels.</param>
    /// <param name="originalHeight">Height of the mask, pixels.</param>
    public LesionMask Segment(GreyImage preprocessed, int originalWidth, int originalHeight)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(originalWidth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(originalHeight);
        using var scope = NewDisposeScope();
        return Segment(_network, InputScaling.ToTensor(preprocessed), originalWidth, originalHeight);
    }

    /// <summary>Segments one input, [1, 1, height, width], by a network in evaluation mode, on the network's device.</summary>
    public static LesionMask Segment(ResidualAttentionUNet network, Tensor input, int originalWidth, int originalHeight)
    {
        using var noGradient = inference_mode();
        using var onDevice = input.to(network.Device);
        using var logits = network.call(onDevice);
        var mask = ToMask(logits, originalWidth, originalHeight);
        HeapMemory.FreeForgotten();
        return mask;
    }

    /// <summary>Scales logits, [1, 4, height, width], to the mask's size and takes the class of the highest.</summary>
    public static LesionMask ToMask(Tensor logits, int width, int height)
    {
        using var scope = NewDisposeScope();
        var labels = Scale(logits, width, height).argmax(1).to(ScalarType.Byte).to(CPU).contiguous();
        return new LesionMask(width, height, labels.bytes.ToArray());
    }

    /// <returns>[1, 4, height, width], linear between the neighbouring logits.</returns>
    public static Tensor Scale(Tensor logits, int width, int height) => logits.size(2) == height && logits.size(3) == width
        ? logits.alias()
        : nn.functional.interpolate(logits, [height, width], mode: InterpolationMode.Bilinear, align_corners: false);

    public void Dispose()
    {
        _network.Dispose();
        _inputCheck?.Dispose();
    }
}
