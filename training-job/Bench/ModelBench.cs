using System.Diagnostics;
using CtSeg.Models;
using CtSeg.TrainingJob.Model;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Bench;

/// <summary>Times whole networks on one image, with random weights: the time does not depend on them.</summary>
internal sealed class ModelBench(TextWriter progress)
{
    private const int Repetitions = 5;

    public ModelMeasurement Run(string architecture, IReadOnlyList<int> levels, int baseChannels, int inputSize, bool naive)
    {
        manual_seed(1);
        var configuration = new ModelConfiguration { Architecture = architecture, AttentionLevels = levels, BaseChannels = baseChannels, ChunkLength = AttentionBench.ChunkLength };
        using var network = new ResidualAttentionUNet(configuration);
        network.eval();
        if (naive)
            network.ComputePlainly(true);
        else
            network.FoldNormalisation();
        using var scope = NewDisposeScope();
        using var noGradient = inference_mode();
        var input = randn([1, 1, inputSize, inputSize]);
        void Call()
        {
            using var inner = NewDisposeScope();
            network.call(input);
        }
        Call();
        var peak = PeakMemory.Of(Call);
        var times = Enumerable.Range(0, Repetitions).Select(_ =>
        {
            var started = Stopwatch.GetTimestamp();
            Call();
            return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }).Order().ToArray();
        var measured = new ModelMeasurement(architecture, levels, baseChannels, inputSize, naive ? "naive" : "fast", times[Repetitions / 2], peak);
        progress.WriteLine(FormattableString.Invariant(
            $"{architecture,-5} levels [{string.Join(',', levels)}] base {baseChannels,3} input {inputSize,4} {measured.Variant,-6} {measured.Ms,9:0.0} ms {peak,7:0} MiB"));
        return measured;
    }
}
