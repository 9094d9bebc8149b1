using System.Diagnostics;
using CtSeg.Models;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Model;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Bench;

/// <summary>
/// Times whole predictions, from grey values to a mask, with random weights. With those of a training, tokens crowd in fewer buckets and the
/// attention has more pairs to weigh.
/// </summary>
internal static class ModelBench
{
    /// <summary>How often each network is measured.</summary>
    public const int Turns = 3;

    // The heap grows over the first calls; new pages are not what is measured.
    private const int WarmUp = 12;
    /// <summary>Slices that each process predicts.</summary>
    public const int Predictions = WarmUp + 7;

    /// <summary>The networks of Table II of the paper, the full one also without its highest attention; naive where only layers of torch are in it.</summary>
    public static IEnumerable<BenchedNetwork> Networks(int baseChannels, int inputSize)
    {
        (string Architecture, IReadOnlyList<int> Levels)[] networks =
        [
            (Architectures.WithoutAttention, []), (Architectures.Full, [0, 1, 2, 3]), (Architectures.Full, [1, 2, 3]),
            (Architectures.WithoutResNeXt, [0, 1, 2, 3]), (Architectures.UNet, []),
        ];
        foreach (var (architecture, levels) in networks)
        {
            yield return new BenchedNetwork(architecture, levels, baseChannels, inputSize, Naive: false);
            if (levels.Count == 0)
                yield return new BenchedNetwork(architecture, levels, baseChannels, inputSize, Naive: true);
        }
    }

    public static ModelMeasurement Measure(BenchedNetwork benched, int predictions = Predictions)
    {
        manual_seed(1);
        using var network = new ResidualAttentionUNet(new ModelConfiguration
        {
            Architecture = benched.Architecture, AttentionLevels = benched.AttentionLevels, BaseChannels = benched.BaseChannels, ChunkLength = AttentionBench.ChunkLength,
        });
        network.eval();
        if (benched.Naive)
            network.ComputePlainly(true);
        else
            network.FoldNormalisation();
        using var input = randn([1, 1, benched.InputSize, benched.InputSize]);
        var times = new List<double>();
        for (var run = 0; run < predictions; run++)
        {
            var started = Stopwatch.GetTimestamp();
            SliceSegmenter.Segment(network, input, benched.InputSize, benched.InputSize);
            if (run >= WarmUp)
                times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
        times.Sort();
        return new ModelMeasurement(
            benched.Architecture, benched.AttentionLevels, benched.BaseChannels, benched.InputSize, benched.Naive ? "naive" : "fast", times[times.Count / 2], PeakMemory.Highest);
    }
}
