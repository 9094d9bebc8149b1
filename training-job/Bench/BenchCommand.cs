using System.CommandLine;
using System.Text.Json;
using CtSeg.Models;
using CtSeg.TrainingJob.Inference;

namespace CtSeg.TrainingJob.Bench;

/// <summary><c>ctseg-job bench</c>: attention and model, timed.</summary>
internal static class BenchCommand
{
    private static readonly (string Architecture, IReadOnlyList<int> Levels)[] Networks =
    [
        (Architectures.WithoutAttention, []), (Architectures.Full, [1, 2, 3]), (Architectures.Full, [0, 1, 2, 3]), (Architectures.UNet, []),
    ];

    public static Command Create()
    {
        var json = new Option<string?>("--json") { Description = "Also write the measurements to FILE.", HelpName = "FILE", Recursive = true };
        var lengths = new Option<int[]>("--lengths")
        {
            Description = "Numbers of tokens.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [.. AttentionBench.Lengths],
        };
        var engines = new Option<string[]>("--engines") { Description = "Only these.", AllowMultipleArgumentsPerToken = true };
        var attention = new Command("attention", "LSH attention: engines, lengths, time and memory.") { lengths, engines };
        attention.SetAction((arguments, cancellationToken) =>
        {
            Threads.Fix();
            var only = arguments.GetValue(engines) ?? [];
            var measured = new AttentionBench(Console.Out).Run(
                arguments.GetValue(lengths)!, (engine, direction, length) => (only.Length == 0 || only.Contains(engine)) && Affordable(engine, direction, length), cancellationToken);
            if (arguments.GetValue(json) is { } file)
                File.WriteAllText(file, JsonSerializer.Serialize(measured, BenchJson.Default.IReadOnlyListAttentionMeasurement));
            return Task.FromResult(ExitCodes.Success);
        });
        var bases = new Option<int[]>("--base-channels") { Description = "Widths.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [16, 64] };
        var sizes = new Option<int[]>("--input-size") { Description = "Sides of the input, pixels.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [369] };
        var model = new Command("model", "Networks: architectures, widths, fast and naive.") { bases, sizes };
        model.SetAction(arguments =>
        {
            Threads.Fix();
            var bench = new ModelBench(Console.Out);
            var measured = new List<ModelMeasurement>();
            foreach (var width in arguments.GetValue(bases)!)
            {
                foreach (var size in arguments.GetValue(sizes)!)
                {
                    foreach (var (architecture, levels) in Networks)
                    {
                        measured.Add(bench.Run(architecture, levels, width, size, naive: false));
                        if (levels.Count == 0)
                            measured.Add(bench.Run(architecture, levels, width, size, naive: true));
                    }
                }
            }
            if (arguments.GetValue(json) is { } file)
                File.WriteAllText(file, JsonSerializer.Serialize(measured, BenchJson.Default.IReadOnlyListModelMeasurement));
        });
        return new Command("bench", "Measure attention and model on this machine.") { attention, model, json };
    }

    // Gradients of exact attention at full resolution take minutes and say nothing; the unfactorised hash is shown once.
    private static bool Affordable(string engine, string direction, int length) => engine switch
    {
        "exact" => direction == "forward" || length < 100_000,
        "naive-unfactorised" => direction == "forward" && length > 100_000,
        _ => true,
    };
}
