using System.CommandLine;
using System.Text.Json;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Bench;

/// <summary><c>ctseg-job bench</c>: attention and model, timed and held against their bars.</summary>
internal static class BenchCommand
{
    private static readonly Option<string?> Json = new Option<string?>("--json") { Description = "Also write the measurements to FILE.", HelpName = "FILE", Recursive = true }.AcceptNoEmptyPath();
    private static readonly Option<int[]> Lengths = Several("--lengths", "Numbers of tokens.", [.. AttentionBench.Lengths]);
    private static readonly Option<string[]> Engines = new("--engines")
    {
        Description = $"Only these: {string.Join(", ", AttentionBench.Engines)}.", AllowMultipleArgumentsPerToken = true,
    };
    private static readonly Option<int> Rounds = new("--rounds") { Description = "Rounds of the hash.", DefaultValueFactory = _ => AttentionBench.Rounds };
    private static readonly Option<string?> Plot = new Option<string?>("--plot") { Description = "Also draw time against length into FILE (PNG).", HelpName = "FILE" }.AcceptNoEmptyPath();
    private static readonly Option<int[]> BaseChannels = Several("--base-channels", "Channels of the first level.", [16, 64]);
    private static readonly Option<int[]> InputSizes = Several("--input-size", "Sides of the square input, pixels.", [369]);
    private static readonly Option<string[]> Slices = new Option<string[]>("--slices") { Required = true, AllowMultipleArgumentsPerToken = true, Description = "Slices or folders of slices." }.AcceptNoEmptyPath();
    private static readonly Option<string?> Model = PathOption.Create("--model", "Model folder; the shipped weights if not given.");

    public static Command Create()
    {
        Engines.AcceptOnlyFromAmong([.. AttentionBench.Engines]);
        var attention = new Command("attention", "LSH attention: engines, lengths, time and memory.") { Lengths, Engines, Rounds, Plot };
        attention.Action = new LongWork(Attention, LongWork.BeginsAnew);
        var model = new Command("model", "Networks: architectures, widths, fast and naive, each in a process of its own.") { BaseChannels, InputSizes };
        model.Action = new LongWork((arguments, cancellationToken) => ModelAsync(arguments, cancellationToken).GetAwaiter().GetResult(), LongWork.BeginsAnew);
        var predict = new Command("predict", "A model's predictions of slices, warm: time and memory.") { Slices, Model };
        predict.Action = new LongWork(Predict, LongWork.BeginsAnew);
        return new Command("bench", "Measure attention, networks and predictions on this machine. Ends with 0 only if every bar holds.")
        {
            attention, model, predict, ModelProcess.CreateCommand(), Json,
        };
    }

    private static int Attention(ParseResult arguments, CancellationToken cancellationToken)
    {
        Threads.Fix();
        using var json = OutputFile.Open(arguments.GetValue(Json));
        using var plot = OutputFile.Open(arguments.GetValue(Plot));
        var only = arguments.GetValue(Engines) ?? [];
        var bench = new AttentionBench(arguments.GetValue(Rounds), Console.Out);
        var measured = bench.Run(
            arguments.GetValue(Lengths)!, (engine, direction, length) => (only.Length == 0 || only.Contains(engine)) && Affordable(engine, direction, length), cancellationToken);
        json?.Write(JsonSerializer.Serialize(measured, BenchJson.Default.IReadOnlyListAttentionMeasurement));
        if (arguments.GetValue(Plot) is { } picture)
            AttentionPlot.Save(measured, picture);
        return Verdict.Print(Bars.OfAttention(measured, arguments.GetValue(Rounds)), Console.Out);
    }

    private static async Task<int> ModelAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var json = OutputFile.Open(arguments.GetValue(Json));
        var measured = new List<ModelMeasurement>();
        foreach (var width in arguments.GetValue(BaseChannels)!)
        {
            foreach (var size in arguments.GetValue(InputSizes)!)
                measured.AddRange(await TakeTurnsAsync([.. ModelBench.Networks(width, size)], cancellationToken));
        }
        json?.Write(JsonSerializer.Serialize(measured, BenchJson.Default.IReadOnlyListModelMeasurement));
        return Verdict.Print(Bars.OfModel(measured), Console.Out);
    }

    private static int Predict(ParseResult arguments, CancellationToken cancellationToken)
    {
        List<string> files = [.. arguments.GetValue(Slices)!.SelectMany(SliceFiles.Of)];
        if (files.Count == 0)
            throw new IOException("There are no slices: give files or folders of PNG, JPEG or TIFF files.");
        using var json = OutputFile.Open(arguments.GetValue(Json));
        using var segmenter = SliceSegmenter.Load(arguments.GetValue(Model) ?? ShippedModel.Folder(ShippedModel.Root));
        var measured = PredictionBench.Measure(segmenter, files, TimeProvider.System, cancellationToken);
        Console.WriteLine(measured);
        json?.Write(JsonSerializer.Serialize(measured, BenchJson.Default.PredictionMeasurement));
        return Verdict.Print(Bars.OfPredictions(measured), Console.Out);
    }

    /// <summary>The networks that are compared take turns, because the speed of a shared machine drifts.</summary>
    private static async Task<IReadOnlyList<ModelMeasurement>> TakeTurnsAsync(IReadOnlyList<BenchedNetwork> networks, CancellationToken cancellationToken)
    {
        var runs = networks.Select(_ => new List<ModelMeasurement>()).ToArray();
        for (var turn = 0; turn < ModelBench.Turns; turn++)
        {
            for (var number = 0; number < networks.Count; number++)
                runs[number].Add(await ModelProcess.MeasureAsync(networks[number], cancellationToken));
        }
        var measured = runs.Select(ModelMeasurement.Of).ToArray();
        foreach (var one in measured)
            await Console.Out.WriteLineAsync(one.ToString());
        return measured;
    }

    // Gradients of exact attention at full resolution take minutes and say nothing; the unfactorised hash is shown once.
    private static bool Affordable(string engine, string direction, int length) => engine switch
    {
        "exact" => direction == "forward" || length < 100_000,
        "naive-unfactorised" => direction == "forward" && length > 100_000,
        _ => true,
    };

    private static Option<int[]> Several(string name, string description, int[] otherwise) =>
        new(name) { Description = description, AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => otherwise };
}
