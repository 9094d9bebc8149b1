using static TorchSharp.torch;

namespace CtSeg.TrainingJob.WeightFiles;

/// <summary>Copies a network's weights in and out by name, strictly: every name and shape must match.</summary>
internal static class StateDictionary
{
    // Batch normalisation counts its batches; only a momentum of null would read the count.
    private const string Counter = ".num_batches_tracked";

    /// <summary>Parameters and running statistics by name; the tensors are the network's own.</summary>
    public static IReadOnlyDictionary<string, Tensor> Of(nn.Module network) => network.state_dict()
        .Where(pair => !pair.Key.EndsWith(Counter, StringComparison.Ordinal))
        .ToDictionary(pair => pair.Key, pair => pair.Value);

    /// <exception cref="WeightsFormatException">A tensor is missing, too many, or of another shape or type.</exception>
    public static void Load(nn.Module network, IReadOnlyDictionary<string, Tensor> weights)
    {
        using var noGradient = no_grad();
        var own = Of(network);
        if (own.Keys.FirstOrDefault(name => !weights.ContainsKey(name)) is { } missing)
            throw new WeightsFormatException($"The weights have no '{missing}': they belong to another configuration.");
        if (weights.Keys.FirstOrDefault(name => !own.ContainsKey(name)) is { } unknown)
            throw new WeightsFormatException($"The weights hold '{unknown}', which the configuration does not have.");
        foreach (var (name, target) in own)
        {
            var source = weights[name];
            if (!source.shape.SequenceEqual(target.shape) || source.dtype != target.dtype)
            {
                throw new WeightsFormatException(
                    $"'{name}' is {source.dtype} [{string.Join(", ", source.shape)}] in the weights, but {target.dtype} [{string.Join(", ", target.shape)}] in the configuration.");
            }
        }
        foreach (var (name, target) in own)
            target.copy_(weights[name]);
    }
}
