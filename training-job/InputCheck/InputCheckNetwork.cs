using CtSeg.Imaging;
using CtSeg.TrainingJob.Model;
using CtSeg.TrainingJob.WeightFiles;
using TorchSharp.Modules;
using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.InputCheck;

/// <summary>
/// Tells upright axial chest slices in a lung window from other pictures, in coarse pixels. It is trained with the model that it protects, see
/// <see cref="InputCheckTraining"/>, and lies in the same weights' file.
/// </summary>
internal sealed class InputCheckNetwork : nn.Module<Tensor, Tensor>
{
    public const int Side = 64;

    // Of its tensors in the weights' file.
    private const string Prefix = "inputCheck.";
    private const int Kernel = 5;
    private const int Stride = 2;
    private static readonly int[] Widths = [1, 8, 16, 24, 32];

    private readonly ModuleList<Conv2d> convolutions = [];
    private readonly Linear classifier;

    /// <summary>Builds the network with random weights: torch's own seed decides them.</summary>
    public InputCheckNetwork() : base(nameof(InputCheckNetwork))
    {
        for (var level = 1; level < Widths.Length; level++)
            convolutions.Add(nn.Conv2d(Widths[level - 1], Widths[level], Kernel, stride: Stride, padding: Kernel / 2));
        // Places count: a slice that lies on its side has the same parts as one that does not.
        var side = Side >> convolutions.Count;
        classifier = nn.Linear(Widths[^1] * side * side, 1);
        RegisterComponents();
    }

    /// <param name="input">[batch, 1, 64, 64], -1 to 1.</param>
    /// <returns>[batch], logits; above 0 for what is no such slice.</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var map = input;
        foreach (var convolution in convolutions)
            map = Convolve(map, convolution).leaky_relu(Kept(0.1));
        return classifier.call(map.flatten(1)).squeeze(1).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// As a product of matrices. oneDNN's own convolution works on blocks of 16 channels and reads, where there are 24, what lies in memory beside them:
    /// where that is NaN, so is the result.
    /// </summary>
    private static Tensor Convolve(Tensor map, Conv2d convolution)
    {
        var patches = nn.functional.unfold(map, Kernel, padding: Kernel / 2, stride: Stride);
        var product = convolution.weight.flatten(1).matmul(patches).add(convolution.bias!.unsqueeze(1), alpha: One);
        return product.reshape(map.size(0), -1, map.size(2) / Stride, map.size(3) / Stride);
    }

    /// <param name="preprocessed">Grey, at the size of the model's input.</param>
    /// <returns>Probability that it is no such slice, 0 to 1.</returns>
    public double Score(GreyImage preprocessed)
    {
        using var picture = ToPicture(preprocessed);
        return Score(picture);
    }

    /// <param name="picture">Of <see cref="ToPicture"/>.</param>
    public double Score(Tensor picture)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        return call(picture).sigmoid().item<float>();
    }

    /// <returns>[1, 1, 64, 64], -1 to 1.</returns>
    public static Tensor ToPicture(GreyImage preprocessed)
    {
        using var scope = NewDisposeScope();
        return InputScaling.ToSide(InputScaling.ToTensor(preprocessed), Side).MoveToOuterDisposeScope();
    }

    /// <summary>Its tensors by their names in the weights' file.</summary>
    public IReadOnlyDictionary<string, Tensor> ToTensors() => StateDictionary.Of(this).ToDictionary(pair => Prefix + pair.Key, pair => pair.Value);

    /// <summary>Whether a tensor of the weights' file is its and not the model's.</summary>
    public static bool Owns(string tensor) => tensor.StartsWith(Prefix, StringComparison.Ordinal);

    /// <param name="tensors">Of a weights' file.</param>
    /// <returns>Null where the file has none of its tensors.</returns>
    /// <exception cref="WeightsFormatException">They are not whole.</exception>
    public static InputCheckNetwork? FromTensors(IReadOnlyDictionary<string, Tensor> tensors)
    {
        var own = tensors.Where(pair => Owns(pair.Key)).ToDictionary(pair => pair.Key[Prefix.Length..], pair => pair.Value);
        if (own.Count == 0)
            return null;
        var network = new InputCheckNetwork();
        try
        {
            StateDictionary.Load(network, own);
            return network;
        }
        catch (WeightsFormatException)
        {
            network.Dispose();
            throw;
        }
    }
}
