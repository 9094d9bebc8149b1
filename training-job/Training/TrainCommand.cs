using System.CommandLine;
using System.Globalization;
using CtSeg.Models;
using CtSeg.TrainingJob.Attention;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.WeightFiles;
using Spectre.Console;

namespace CtSeg.TrainingJob.Training;

/// <summary>`ctseg-job train`: fits a network to a data folder and writes a model folder.</summary>
internal static class TrainCommand
{
    private static readonly Option<string> Data = new("--data") { Required = true, Description = "Data folder: images/, masks/, slices.csv (slice, group)." };
    private static readonly Option<string> Out = new("--out") { Required = true, Description = "Folder for the model, the checkpoint, training.json and curves.png." };
    private static readonly Option<string> Architecture = new("--arch") { DefaultValueFactory = _ => Architectures.Full, Description = "m, m-a (no attention), m-r (no ResNeXt blocks) or unet (neither)." };
    private static readonly Option<string> Recipe = new("--recipe") { DefaultValueFactory = _ => TrainingOptions.BestRecipe, Description = "best (ours), paper (cross entropy, Adam as it is, six fixed views of every slice), or a JSON file with options that differ from best." };
    private static readonly Option<int?> Epochs = Positive("--epochs", "Passes over the training slices; the recipe's if not given.");
    private static readonly Option<int?> InputSize = Positive("--input-size", "Side of what the network is trained on, pixels; the recipe's if not given.");
    private static readonly Option<int?> BaseChannels = Positive("--base-channels", $"Channels of the first level; {new ModelConfiguration().BaseChannels} if not given.");
    private static readonly Option<int> Seed = new("--seed") { DefaultValueFactory = _ => 1, Description = "Decides split, first weights and augmentation." };
    private static readonly Option<bool> Resume = new("--resume") { Description = "Go on from the checkpoint in the output folder, if there is one." };
    private static readonly Option<int?> Minutes = new("--minutes") { Description = "Stop after the epoch in which this time passes." };
    private static readonly Option<string?> Version = new("--model-version") { Description = "Name of the model; the output folder's name if not given." };
    private static readonly Option<int?> ThreadCount = new("--threads") { Description = "Threads of the tensor library; results repeat only with the same number." };

    public static Command Create()
    {
        var command = new Command("train", "Train a model on labelled slices; the split is by group.")
        {
            Data, Out, Architecture, Recipe, Epochs, InputSize, BaseChannels, Seed, Resume, Minutes, Version, ThreadCount,
        };
        command.SetAction(Run);
        return command;
    }

    private static Task<int> Run(ParseResult arguments, CancellationToken cancellationToken)
    {
        Threads.Fix(arguments.GetValue(ThreadCount));
        var outFolder = Path.GetFullPath(arguments.GetValue(Out)!);
        var run = new TrainingRun(outFolder, arguments.GetValue(Version) ?? Path.GetFileName(outFolder), TimeProvider.System)
        {
            Limit = arguments.GetValue(Minutes) is { } minutes ? TimeSpan.FromMinutes(minutes) : null,
            Resume = arguments.GetValue(Resume),
        };
        try
        {
            var options = Options(arguments);
            options.Configuration.Validate();
            var data = TrainingData.Load(arguments.GetValue(Data)!);
            Print(outFolder, Execute(run, options, data, cancellationToken));
            return Task.FromResult(ExitCodes.Success);
        }
        catch (Exception exception) when (exception is TrainingDataException or WeightsFormatException or InvalidDataException)
        {
            Console.Error.WriteLine(exception.Message);
            return Task.FromResult(ExitCodes.Failure);
        }
    }

    private static ModelManifest Execute(TrainingRun run, TrainingOptions options, TrainingData data, CancellationToken cancellationToken)
    {
        if (Console.IsOutputRedirected)
            return run.Execute(options, data, new PlainProgress(Console.Out), cancellationToken);
        return AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context => run.Execute(options, data, new BarProgress(context), cancellationToken));
    }

    private static void Print(string outFolder, ModelManifest manifest)
    {
        var scores = manifest.Scores!;
        Console.WriteLine($"{outFolder}: {scores.HeldOutSlices} held-out slices of {scores.HeldOutGroups} groups, foreground protocol");
        foreach (var score in scores.Foreground.Classes.Prepend(scores.Foreground.Infection))
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {score.Name}: Dice {score.Dice:F3} [{score.Interval?.Low:F3}, {score.Interval?.High:F3}], in {score.SlicesWithClass} slices"));
        }
        if (scores.Attention is { } attention)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  attention set to zero: infection Dice {attention.InfectionDice:F3}, {attention.ChangedLesionPixels:P1} of the lesion pixels change class"));
        }
    }

    private static TrainingOptions Options(ParseResult arguments)
    {
        var recipe = TrainingOptions.OfRecipe(arguments.GetValue(Recipe)!);
        var inputSize = arguments.GetValue(InputSize) ?? recipe.InputSize;
        var configuration = recipe.Configuration with
        {
            Architecture = arguments.GetValue(Architecture)!,
            BaseChannels = arguments.GetValue(BaseChannels) ?? recipe.Configuration.BaseChannels,
        };
        return recipe with
        {
            Configuration = AttentionChoice.Decide(configuration, inputSize),
            Epochs = arguments.GetValue(Epochs) ?? recipe.Epochs,
            InputSize = inputSize,
            Seed = arguments.GetValue(Seed),
        };
    }

    private static Option<int?> Positive(string name, string description)
    {
        var option = new Option<int?>(name) { Description = description };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int?>() < 1)
                result.AddError($"{name} must be at least 1.");
        });
        return option;
    }
}
