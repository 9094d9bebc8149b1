using System.CommandLine;
using System.Globalization;
using CtSeg.Models;
using CtSeg.TrainingJob.CrossValidation;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Training;

/// <summary>`ctseg-job train`: fits a network to a data folder and writes a model folder.</summary>
internal static class TrainCommand
{
    private static readonly Option<string> Data = TrainingData.CreateOption();
    private static readonly Option<string> Out = PathOption.Required("--out", "Folder for the model, the checkpoint, training.json and curves.png.");
    private static readonly Option<string?> Architecture = new Option<string?>("--arch") { Description = "m, m-a (no attention), m-r (no ResNeXt blocks) or unet (neither); the recipe's if not given." }
        .AcceptOnlyFromAmong([.. Architectures.All]);
    private static readonly Option<string?> From = PathOption.Create("--from", "Folder of a model whose weights are trained on; random ones if not given.");
    private static readonly Option<string?> Recipe = new("--recipe") { Description = "best (ours; the default), fine-tune (the default with --from, where best cannot be: fewer and gentler epochs), paper (cross entropy, Adam as it is, six fixed views of every slice), or a JSON file with options that differ from the defaults (training.json shows all)." };
    private static readonly Option<int?> Epochs = PositiveOption.Create("--epochs", "Passes over the training slices; the recipe's if not given.");
    private static readonly Option<double?> LearningRate = new("--learning-rate") { Description = "The highest of the schedule; the recipe's if not given." };
    private static readonly Option<int?> InputSize = PositiveOption.Create("--input-size", "Side of what the network is trained on, pixels; the recipe's if not given.");
    private static readonly Option<int?> BaseChannels = PositiveOption.Create("--base-channels", "Channels of the first level; the recipe's if not given.");
    private static readonly Option<double?> HoldOut = new("--hold-out") { Description = "Share of the slices whose groups are kept out, for the scores; 0 to train on all." };
    private static readonly Option<string[]> ScoredBy = PathOption.Several("--scored-by", "With --hold-out 0: the folds of a cross-validation with the same recipe, or the folder that holds them; the model gets their scores.");
    private static readonly Option<int> Seed = new("--seed") { DefaultValueFactory = _ => 1, Description = "Decides split, first weights and augmentation." };
    private static readonly Option<bool> Resume = new("--resume") { Description = "Go on from the checkpoint in the output folder, if there is one." };
    private static readonly Option<int?> Minutes = PositiveOption.Create("--minutes", "Stop after the epoch in which this time passes.");
    private static readonly Option<string?> Card = PathOption.Create("--card", "JSON file with what users of the model must know: data, dataLicence, intendedUse, notIntendedFor and documentation (a link or a relative path), all of them texts. It becomes part of model.json; the card of a model to go on from does not.");
    private static readonly Option<string?> Version = new("--model-version") { Description = "Name of the model; the output folder's name if not given." };
    private static readonly Option<int?> ThreadCount = Threads.CreateOption();
    private static readonly Option<string> Device = ComputeDevice.CreateOption();

    public static Command Create()
    {
        var command = new Command("train", """
            Train a model on labelled slices; the split is by group.

            Examples:
              train --data DATA --out out/mine                                                     scored on a quarter of the groups
              train --data DATA --out out/mine --resume                                            go on where it was stopped
              train --data DATA --out out/ours --from training-job/weights/2026.3 --hold-out 0     go on from a model
              train --data DATA --out out/all --hold-out 0 --scored-by out/cv/m-augmented-seed1    on all slices, with the scores of the folds
              train --data DATA --out out/all --hold-out 0 --card training-job/weights/card.json   and with a model card
            """)
        {
            Data, Out, From, Architecture, Recipe, Epochs, LearningRate, InputSize, BaseChannels, HoldOut, ScoredBy, Seed, Resume, Minutes, Card, Version, ThreadCount, Device,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(ScoredBy) is { Length: > 0 } && result.GetValue(HoldOut) is not 0)
                result.AddError($"{ScoredBy.Name} needs {HoldOut.Name} 0: a model that holds slices out has scores of its own.");
            if (result.GetValue(From) is not null && (result.GetValue(Architecture) ?? (object?)result.GetValue(InputSize) ?? result.GetValue(BaseChannels)) is not null)
                result.AddError($"{From.Name} takes architecture, channels and size from the model: leave out {Architecture.Name}, {BaseChannels.Name} and {InputSize.Name}.");
        });
        command.Action = new LongWork(Run, $"Stopped; the same command with {Resume.Name} goes on from the last whole epoch.");
        return command;
    }

    private static int Run(ParseResult arguments, CancellationToken cancellationToken)
    {
        Threads.Fix(arguments.GetValue(ThreadCount));
        var outFolder = Path.GetFullPath(arguments.GetValue(Out)!);
        ComputeDevice.Fix(arguments.GetValue(Device)!);
        var version = ModelVersion.Of(outFolder, arguments.GetValue(Version));
        if (arguments.GetValue(From) is { } start && IsSame(start, outFolder))
            throw new TrainingDataException($"{From.Name} and {Out.Name} are the same folder, and the model to go on from would be overwritten: give another folder to {Out.Name}.");
        var card = arguments.GetValue(Card) is { } written ? ModelCardFile.Read(written) : null;
        using var from = arguments.GetValue(From) is { } model ? StartingModel.Load(model) : null;
        var options = Options(arguments, from?.Manifest);
        options.Validate();
        var data = TrainingData.Load(arguments.GetValue(Data)!);
        // Before the folds are scored, which takes a while.
        TrainingRun.Prepare(outFolder, arguments.GetValue(Resume));
        using var held = TrainingLock.TryTake(Path.Combine(outFolder, "training.lock"))
            ?? throw new TrainingDataException($"Another process trains into '{outFolder}': let it end, or give another folder to {Out.Name}.");
        if (card is null && from?.Manifest.Card is not null)
            Console.Error.WriteLine($"The card of {from.Manifest.Version} speaks of its own data and is not taken over: {Card.Name} gives the new model one.");
        var run = new TrainingRun(outFolder, version, TimeProvider.System)
        {
            Limit = arguments.GetValue(Minutes) is { } minutes ? TimeSpan.FromMinutes(minutes) : null,
            Resume = arguments.GetValue(Resume),
            From = from,
            Card = card,
            ScoresOfRecipe = arguments.GetValue(ScoredBy) is { Length: > 0 } folds ? FoldScores.Score(ModelFolders.Of(folds), options, data, cancellationToken) : null,
        };
        var manifest = TrainingDisplay.Show(display => run.Execute(options, data, display.Next(""), cancellationToken));
        held.IsDone = manifest.Training!.Epochs == options.Epochs;
        foreach (var line in Describe(outFolder, manifest, options.Epochs))
            Console.WriteLine(line);
        return ExitCodes.Success;
    }

    private static bool IsSame(string folder, string full) =>
        Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) == Path.TrimEndingDirectorySeparator(full);

    /// <summary>What became of a training.</summary>
    /// <param name="epochs">That it was to have.</param>
    internal static IEnumerable<string> Describe(string outFolder, ModelManifest manifest, int epochs)
    {
        var done = manifest.Training!.Epochs;
        if (done < epochs)
            yield return $"{outFolder}: unfinished, {done} of {epochs} epochs; the same command with {Resume.Name} goes on.";
        if (manifest.Scores is not { } scores)
        {
            if (done >= epochs)
                yield return $"{outFolder}: trained on all slices, and so without scores.";
            yield break;
        }
        yield return $"{outFolder}: {scores.Slices} held-out slices of {scores.Groups} groups, foreground protocol";
        foreach (var score in scores.Foreground.Classes.Prepend(scores.Foreground.Infection))
            yield return $"  {score.Name}: Dice {IntervalScore.DiceOf(score).ToText()}, in {score.SlicesWithClass} slices";
        if (scores.Attention is { } attention)
        {
            var lost = new IntervalScore(attention.InfectionDiceLost, attention.LostInterval).ToText();
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"  attention set to zero: infection Dice {attention.InfectionDice:F3}, {lost} less; {attention.ChangedLesionPixels:P1} of the lesion pixels change class");
        }
        yield return $"  {scores.Note}";
    }

    /// <param name="from">The model of <see cref="From"/>; null where none is given.</param>
    /// <exception cref="InvalidDataException">There is no such recipe.</exception>
    internal static TrainingOptions Options(ParseResult arguments, ModelManifest? from)
    {
        var named = TrainingOptions.OfRecipe(arguments.GetValue(Recipe) ?? (from is null ? TrainingOptions.BestRecipe : TrainingOptions.FineTuneRecipe));
        var recipe = named with
        {
            Epochs = arguments.GetValue(Epochs) ?? named.Epochs,
            LearningRate = arguments.GetValue(LearningRate) ?? named.LearningRate,
            HeldOutShare = arguments.GetValue(HoldOut) ?? named.HeldOutShare,
            Seed = arguments.GetValue(Seed),
        };
        if (from is not null)
            return recipe.From(from);
        var configured = recipe with
        {
            Configuration = recipe.Configuration with
            {
                Architecture = arguments.GetValue(Architecture) ?? recipe.Configuration.Architecture,
                BaseChannels = arguments.GetValue(BaseChannels) ?? recipe.Configuration.BaseChannels,
            },
        };
        return configured.For(configured.Views, arguments.GetValue(InputSize) ?? configured.InputSize);
    }
}
