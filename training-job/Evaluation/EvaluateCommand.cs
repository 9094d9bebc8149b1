using System.CommandLine;
using System.Text.Json;
using CtSeg.Imaging;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Evaluation;

/// <summary>`ctseg-job evaluate`: scores a model on labelled slices by every protocol.</summary>
internal static class EvaluateCommand
{
    private static readonly Option<string> Data = TrainingData.CreateOption();
    private static readonly Option<string[]> Model = PathOption.Several("--model", ModelFolders.Description);
    private static readonly Option<bool> HeldOut = new("--held-out") { Description = "Only the groups that model.json names as held out." };
    private static readonly Option<bool> Fitted = new("--fitted") { Description = "Only the other groups: those the model was trained on. Tells whether it learns too little or by heart." };
    private static readonly JudgementOptions Judged = new();
    private static readonly Option<string?> Json = PathOption.Create("--json", "File to write all figures to; '-' for standard output, and nothing else there.");
    private static readonly Option<string?> Overlays = PathOption.Create("--overlays", "Folder for a picture of every slice: truth on the left, prediction on the right.");
    private static readonly Option<int?> Worst = PositiveOption.Create("--worst", "List so many slices, those of the lowest infection Dice first, and draw only these.");
    private static readonly Option<int?> ThreadCount = Threads.CreateOption();
    private static readonly Option<string> Device = ComputeDevice.CreateOption();

    public static Command Create()
    {
        var command = new Command("evaluate", """
            Score a model on labelled slices, by every protocol, with intervals.

            Examples:
              evaluate --data DATA                                         the shipped weights
              evaluate --data DATA --model M --json scores.json --overlays pictures
              evaluate --data DATA --model CV/m-augmented-seed1 --held-out --worst 8 --overlays pictures
                                                                           the folds of a cross-validation; the slices they fail on
              evaluate --data DATA --model CV/m-augmented-seed1 --held-out --class-offsets 0 0 0.5 0 --temperature 2
                                                                           the same folds if they called consolidation sooner, less certainly
            """)
        {
            Data, Model, HeldOut, Fitted, Json, Overlays, Worst, ThreadCount, Device,
        };
        Judged.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(HeldOut) && result.GetValue(Fitted))
                result.AddError($"Give {HeldOut.Name} or {Fitted.Name}, not both.");
        });
        command.Action = new LongWork(Run, LongWork.BeginsAnew);
        return command;
    }

    private static int Run(ParseResult arguments, CancellationToken cancellationToken)
    {
        Threads.Fix(arguments.GetValue(ThreadCount));
        ComputeDevice.Fix(arguments.GetValue(Device)!);
        var data = TrainingData.Load(arguments.GetValue(Data)!);
        var groups = arguments.GetValue(HeldOut) ? ScoredGroups.HeldOut : arguments.GetValue(Fitted) ? ScoredGroups.Fitted : ScoredGroups.All;
        var judgement = Judged.Of(arguments);
        var models = new ScoredModels(ModelFolders.Of(arguments.GetValue(Model)), data, groups) { Judgement = judgement };
        using var json = OutputFile.Open(arguments.GetValue(Json));
        if (arguments.GetValue(Overlays) is { } overlays)
            OutputFolder.Prepare(overlays);
        var (predictions, withoutAttention) = PredictionDisplay.Show(
            models.CountPredictions(zeroAttention: true), predicted => models.Predict(data.Slices, zeroAttention: true, cancellationToken, predicted));
        var report = EvaluationReport.Create(
            models.Manifests, judgement, data.Sha256, predictions, AttentionZeroing.Effect(predictions, withoutAttention), models.SlicesOfTraining);
        if (arguments.GetValue(Overlays) is { } pictures)
            Draw(pictures, report, predictions, arguments.GetValue(Worst));
        json?.Write(JsonSerializer.Serialize(report, EvaluationJson.Default.EvaluationReport));
        if (json is not { IsStandardOutput: true })
            EvaluationText.Write(Console.Out, report, arguments.GetValue(Worst) ?? 0);
        return ExitCodes.Success;
    }

    private static void Draw(string folder, EvaluationReport report, List<SlicePrediction> predictions, int? worst)
    {
        var drawn = report.Slices.Take(worst ?? report.Slices.Count).Select(slice => slice.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var prediction in predictions.Where(prediction => drawn.Contains(prediction.Slice.Name)))
        {
            var image = prediction.Slice.Image;
            var truth = Overlay.Draw(image, PaperProtocol.Resize(prediction.Slice.Mask, image.Width, image.Height));
            File.WriteAllBytes(Path.Combine(folder, prediction.Slice.Name + ".png"), PngWriter.Rgb(Beside(truth, Overlay.Draw(image, prediction.AtNetworkSize))));
        }
    }

    private static RgbImage Beside(RgbImage left, RgbImage right)
    {
        var pixels = new byte[left.Pixels.Length + right.Pixels.Length];
        var line = 3 * left.Width;
        for (var row = 0; row < left.Height; row++)
        {
            left.Pixels.AsSpan(row * line, line).CopyTo(pixels.AsSpan(2 * row * line));
            right.Pixels.AsSpan(row * line, line).CopyTo(pixels.AsSpan(((2 * row) + 1) * line));
        }
        return new RgbImage(2 * left.Width, left.Height, pixels);
    }
}
