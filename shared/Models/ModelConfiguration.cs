using System.Text.Json.Serialization;
using CtSeg.Segmentation;

namespace CtSeg.Models;

/// <summary>
/// The shape of a Residual Attention U-Net (arXiv:2004.05645), which its weights fit, and how it predicts. A document that has more than this program
/// knows is refused: the masks would be other ones than those that the model was scored by.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ModelConfiguration
{
    public const string OrthonormalHash = "orthonormal";

    /// <summary>`m` (all), `m-a` (without attention), `m-r` (double convolutions instead of ResNeXt blocks) or `unet` (neither): Table II of the paper.</summary>
    public string Architecture { get; init; } = Architectures.Full;

    /// <summary>Channels of the first encoder level; they double per level. 4 to 128.</summary>
    public int BaseChannels { get; init; } = 16;

    /// <summary>Groups of the 3x3 convolution in a ResNeXt block.</summary>
    public int Cardinality { get; init; } = 4;

    /// <summary>ResNeXt blocks of a level, one after the other. 1 to 4.</summary>
    public int ResNeXtBlocks { get; init; } = 1;

    /// <summary>Channels inside a ResNeXt block, as a share of those it returns; rounded up to whole groups. 0.25 to 2.</summary>
    public double InnerShare { get; init; } = 0.5;

    /// <summary>Decoder levels that attend: 0 is the full resolution, 3 the lowest.</summary>
    public IReadOnlyList<int> AttentionLevels { get; init; } = [0, 1, 2, 3];

    /// <summary>
    /// Those attention levels whose tokens all see each other, because that takes less time there: decided when the model is built, so
    /// that training and inference agree. None where a manifest does not name them.
    /// </summary>
    public IReadOnlyList<int> ExactAttentionLevels { get; init => field = value ?? []; } = [];

    public int Heads { get; init; } = 2;

    /// <summary>Channels of the shared query/key, and of the value, of one head.</summary>
    public int HeadChannels { get; init; } = 16;

    /// <summary>Independent hash rounds.</summary>
    public int Rounds { get; init; } = 2;

    /// <summary>Tokens of one chunk of the sorted sequence; a token sees its own and the previous chunk.</summary>
    public int ChunkLength { get; init; } = 32;

    /// <summary>
    /// How tokens are hashed: `orthonormal`, by the columns of random rotations, shared out among factors. A model sees the neighbours that it learnt from
    /// only with the hash that it was trained with.
    /// </summary>
    public string Hash { get; init; } = OrthonormalHash;

    /// <summary>Seed of the counter-based generator of the hash rotations.</summary>
    public long RotationSeed { get; init; } = 1;

    /// <summary>Side of the square to which a prediction first brings the slice, pixels, 32 to 2048; null where it takes it as it is.</summary>
    public int? InputSide { get; init; }

    /// <summary>A prediction is the mean of the logits of the slice and of its mirror image.</summary>
    public bool PredictsMirrored { get; init; }

    /// <summary>
    /// Added to the logits of a prediction, class by class, background first; null to leave them. Training makes probabilities that are right pixel by
    /// pixel; a mask of a high Dice takes a class from a lower probability on (arXiv:1402.1892).
    /// </summary>
    public IReadOnlyList<double>? ClassOffsets { get; init; }

    /// <summary>
    /// A prediction's logits are divided by it, after the offsets: above 1 its probabilities are less certain, its mask is the same (arXiv:1706.04599,
    /// section 4.2). 0.1 to 10; null to leave them.
    /// </summary>
    public double? Temperature { get; init; }

    [JsonIgnore]
    public bool UsesAttention => Architecture is Architectures.Full or Architectures.WithoutResNeXt;

    [JsonIgnore]
    public bool UsesResNeXt => Architecture is Architectures.Full or Architectures.WithoutAttention;

    /// <exception cref="InvalidDataException">A value is out of its range; the message says which.</exception>
    public void Validate()
    {
        Require(Architectures.All.Contains(Architecture), $"the architecture is '{Architecture}', not one of {string.Join(", ", Architectures.All)}");
        Require(BaseChannels is >= 4 and <= 128, $"base channels are {BaseChannels}, not 4 to 128");
        Require(Cardinality is >= 1 and <= 64, $"the cardinality is {Cardinality}, not 1 to 64");
        Require(ResNeXtBlocks is >= 1 and <= 4, $"ResNeXt blocks of a level are {ResNeXtBlocks}, not 1 to 4");
        Require(InnerShare is >= 0.25 and <= 2, $"the share of channels inside a ResNeXt block is {InnerShare}, not 0.25 to 2");
        Require(Heads is >= 1 and <= 16, $"heads are {Heads}, not 1 to 16");
        Require(HeadChannels is >= 1 and <= 256, $"channels a head are {HeadChannels}, not 1 to 256");
        Require(Rounds is >= 1 and <= 16, $"rounds are {Rounds}, not 1 to 16");
        Require(ChunkLength is >= 1 and <= 4096, $"the chunk length is {ChunkLength}, not 1 to 4096");
        Require(Hash == OrthonormalHash, $"the hash is '{Hash}', not {OrthonormalHash}");
        Require(InputSide is null or (>= 32 and <= 2048), $"the side of the input is {InputSide}, not 32 to 2048");
        Require(ClassOffsets is null || (ClassOffsets.Count == LesionMask.ClassCount && ClassOffsets.All(offset => Math.Abs(offset) <= 10)),
            $"class offsets are not {LesionMask.ClassCount} numbers from -10 to 10");
        Require(Temperature is null or (>= 0.1 and <= 10), $"the temperature is {Temperature}, not 0.1 to 10");
        Require(AttentionLevels is { Count: <= 4 } && AttentionLevels.All(level => level is >= 0 and <= 3),
            "attention levels must be among 0 to 3");
        Require(ExactAttentionLevels.All(AttentionLevels.Contains),
            "levels of exact attention must be among the attention levels");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidDataException($"The model configuration cannot be used: {otherwise}.");
    }
}

/// <summary>The four networks that Table II of the paper compares.</summary>
public static class Architectures
{
    public const string Full = "m";
    public const string WithoutAttention = "m-a";
    public const string WithoutResNeXt = "m-r";
    public const string UNet = "unet";

    public static IReadOnlyList<string> All { get; } = [Full, WithoutAttention, WithoutResNeXt, UNet];
}
