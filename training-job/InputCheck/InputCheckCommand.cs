using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.InputCheck;

/// <summary>`ctseg-job input-check`: counts what the input check warns about.</summary>
internal static class InputCheckCommand
{
    private static readonly Option<string?> Pictures = PathOption.Create("--pictures", "Folder of pictures to score, named KIND-anything.png.");
    private static readonly Option<string?> Model = PathOption.Create("--model", "Model folder whose check looks at the pictures; the shipped weights if not given.");
    private static readonly Option<string?> Data = PathOption.Create("--data", "Data folder: every slice is scored by a check that is trained without its group.");
    private static readonly Option<int?> Folds = PositiveOption.Create("--folds", "Parts of the data; 5 if not given.");
    private static readonly Option<int?> Steps = PositiveOption.Create("--steps", "Optimiser steps of each check; those of a training if not given.");
    private static readonly Option<string?> Json = PathOption.Create("--json", "File to write all figures to; '-' for standard output, and nothing else there.");
    private static readonly Option<int?> ThreadCount = Threads.CreateOption();

    public static Command Create()
    {
        var command = new Command("input-check", """
            Count what the input check warns about: foreign pictures, and slices that it was not trained on.

            Examples:
              input-check --pictures foreign/                the shipped check on pictures that are no chest slices
              input-check --pictures DATA/images             the same on slices, where every warning is a false alarm
              input-check --data DATA --json check.json      slices not trained on: five checks, each without a fifth of the groups
            """)
        {
            Pictures, Model, Data, Folds, Steps, Json, ThreadCount,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(Pictures) is null && result.GetValue(Data) is null)
                result.AddError($"Give {Pictures.Name}, {Data.Name} or both.");
        });
        command.Action = new LongWork(Run, LongWork.BeginsAnew);
        return command;
    }

    private static int Run(ParseResult arguments, CancellationToken cancellationToken)
    {
        Threads.Fix(arguments.GetValue(ThreadCount));
        using var json = OutputFile.Open(arguments.GetValue(Json));
        var output = json is { IsStandardOutput: true } ? TextWriter.Null : Console.Out;
        var (model, pictures) = arguments.GetValue(Pictures) is { } folder ? Examine(arguments.GetValue(Model), folder) : (null, []);
        var report = new InputCheckReport(model, InputCheckExam.Kinds(pictures), pictures, Slices: null);
        Print(output, report);
        if (arguments.GetValue(Data) is { } data)
            report = report with { Slices = CrossValidate(data, arguments, output, cancellationToken) };
        json?.Write(JsonSerializer.Serialize(report, InputCheckJson.Default.InputCheckReport));
        return ExitCodes.Success;
    }

    private static (string Model, IReadOnlyList<ScoredPicture> Pictures) Examine(string? given, string pictures)
    {
        var folder = given ?? ShippedModel.Folder(ShippedModel.Root);
        var (manifest, network, check) = ModelFolder.Load(folder);
        network.Dispose();
        using (check)
        {
            return check is null
                ? throw new ModelFolderException($"The model in '{folder}' has no input check: train one with inputCheckSteps above 0.")
                : (manifest.Version, InputCheckExam.Pictures(check, pictures));
        }
    }

    private static HeldOutSlices CrossValidate(string folder, ParseResult arguments, TextWriter output, CancellationToken cancellationToken)
    {
        var options = new TrainingOptions();
        var slices = InputCheckExam.HeldOut(
            TrainingData.Load(folder), folder, arguments.GetValue(Folds) ?? 5, arguments.GetValue(Steps) ?? options.InputCheckSteps, options.Seed,
            (fold, scored) => output.WriteLine($"fold {fold}: {scored.Count(slice => slice.Warned)} of {scored.Count} slices warned about"),
            cancellationToken);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"all folds: {slices.Warned} of {slices.Slices} slices warned about, highest score {slices.HighestScore:F2}"));
        output.WriteLine("not to be warned about:");
        PrintKinds(output, slices.Disturbed);
        output.WriteLine("to be warned about:");
        PrintKinds(output, slices.Spoilt);
        return slices;
    }

    private static void Print(TextWriter output, InputCheckReport report)
    {
        if (report.Pictures.Count == 0)
            return;
        output.WriteLine($"model {report.Model}");
        PrintKinds(output, report.Kinds);
        output.WriteLine($"{"all",-24}{report.Kinds.Sum(kind => kind.Warned),4} of {report.Pictures.Count}");
        foreach (var missed in report.Pictures.Where(picture => !picture.Warned))
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"not warned about: {missed.Name} (score {missed.Score:F2})"));
    }

    private static void PrintKinds(TextWriter output, IReadOnlyList<KindOfPictures> kinds)
    {
        foreach (var kind in kinds)
            output.WriteLine($"{kind.Kind,-24}{kind.Warned,4} of {kind.Pictures}");
    }
}
