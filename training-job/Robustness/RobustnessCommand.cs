using System.CommandLine;
using System.Text;
using System.Text.Json;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Robustness;

/// <summary>`ctseg-job robustness`: scores a model on slices that were disturbed as uploads are.</summary>
internal static class RobustnessCommand
{
    private static readonly Option<string> Data = TrainingData.CreateOption();
    private static readonly Option<string[]> Model = PathOption.Several("--model", ModelFolders.Description);
    private static readonly Option<bool> HeldOut = new("--held-out") { Description = "Only the groups that model.json names as held out." };
    private static readonly JudgementOptions Judged = new();
    private static readonly Option<string?> Out = PathOption.Create("--out", "Folder for robustness.md and robustness.json.");
    private static readonly Option<int?> ThreadCount = Threads.CreateOption();
    private static readonly Option<string> Device = ComputeDevice.CreateOption();

    public static Command Create()
    {
        var command = new Command("robustness", """
            Score a model on slices of other brightness, contrast, position and size, as JPEG files and with burned-in text.

            Examples:
              robustness --data DATA                                                  the shipped weights
              robustness --data DATA --model CV/m-augmented-seed1 --held-out --out docs/results
                                                                                      the folds of a cross-validation
            """)
        {
            Data, Model, HeldOut, Out, ThreadCount, Device,
        };
        Judged.AddTo(command);
        command.Action = new LongWork(Run, LongWork.BeginsAnew);
        return command;
    }

    private static int Run(ParseResult arguments, CancellationToken cancellationToken)
    {
        Threads.Fix(arguments.GetValue(ThreadCount));
        ComputeDevice.Fix(arguments.GetValue(Device)!);
        var folder = arguments.GetValue(Data)!;
        var data = TrainingData.Load(folder);
        var models = new ScoredModels(ModelFolders.Of(arguments.GetValue(Model)), data, arguments.GetValue(HeldOut) ? ScoredGroups.HeldOut : ScoredGroups.All)
        {
            Judgement = Judged.Of(arguments),
        };
        if (arguments.GetValue(Out) is { } outFolder)
            OutputFolder.Prepare(outFolder);
        var slices = data.Slices.Where(models.Scores).Select(slice => (slice, TrainingData.Upload(folder, slice.Name))).ToList();
        var rows = new RobustnessBench(models, slices).Run(Print, cancellationToken);
        var report = new RobustnessReport(
            [.. models.Manifests.Select(manifest => ScoredModel.Of(manifest, models.Judgement))],
            data.Sha256, slices.Count, slices.Select(pair => pair.slice.Group).Distinct().Count(), models.SlicesOfTraining, rows);
        Console.WriteLine(EvaluationReport.LineOnTraining(report.SlicesOfTraining));
        if (arguments.GetValue(Out) is { } results)
            Write(results, report, $"./ctseg {string.Join(' ', arguments.Tokens.Select(token => token.Value))}");
        return ExitCodes.Success;
    }

    private static void Print(DisturbedScores row) => Console.WriteLine(
        $"{row.Disturbance,-24} {string.Join(", ", row.Foreground.Classes.Prepend(row.Foreground.Infection).Select(score => $"{score.Name} {IntervalScore.DiceOf(score).ToText()}"))}");

    private static void Write(string folder, RobustnessReport report, string command)
    {
        ModelFolder.ReplaceFile(Path.Combine(folder, "robustness.json"), JsonSerializer.SerializeToUtf8Bytes(report, RobustnessJson.Default.RobustnessReport));
        ModelFolder.ReplaceFile(Path.Combine(folder, "robustness.md"), Encoding.UTF8.GetBytes(report.ToMarkdown(command)));
    }
}
