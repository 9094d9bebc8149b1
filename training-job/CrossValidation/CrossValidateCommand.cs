using System.CommandLine;
using System.Text;
using System.Text.Json;
using CtSeg.Models;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.CrossValidation;

/// <summary>`ctseg-job cross-validate`: the comparison of Tables I and II of arXiv:2004.05645, with folds by group.</summary>
internal static class CrossValidateCommand
{
    private const string Every = "all";
    private const string Both = "both";
    private const string On = "on";
    private const string Off = "off";

    private static readonly Option<string> Data = TrainingData.CreateOption();
    private static readonly Option<string> Out = PathOption.Required("--out", "Folder for the folds' results and checkpoints; a call with the same options goes on where it was.");
    private static readonly Option<int> Folds = new("--folds") { DefaultValueFactory = _ => 10, Description = "Parts of the data; each is held out once." };
    private static readonly Option<int[]> OnlyFolds = new("--only-folds") { DefaultValueFactory = _ => [], AllowMultipleArgumentsPerToken = true, Description = "Only these, from 1: a quick look, for which no tables are written." };
    private static readonly Option<string[]> Archs = new Option<string[]>("--archs") { DefaultValueFactory = _ => [Every], AllowMultipleArgumentsPerToken = true, Description = "all, or some of m, m-a, m-r, unet." }
        .AcceptOnlyFromAmong([Every, .. Architectures.All]);
    private static readonly Option<string> Augment = new Option<string>("--augment") { DefaultValueFactory = _ => Both, Description = "With the recipe's views, without, or both." }
        .AcceptOnlyFromAmong(Both, On, Off);
    private static readonly Option<int> FoldSeed = new("--fold-seed") { DefaultValueFactory = _ => 1, Description = "Deals the groups to the folds; another one deals them anew." };
    private static readonly Option<int[]> Seeds = new("--seeds") { DefaultValueFactory = _ => [1], AllowMultipleArgumentsPerToken = true, Description = "Every network is trained once with each." };
    private static readonly Option<int[]> FurtherSeeds = new("--further-seeds") { DefaultValueFactory = _ => [], AllowMultipleArgumentsPerToken = true, Description = "Train m and unet with these too: the two that Table I compares." };
    private static readonly Option<string> Recipe = new("--recipe") { DefaultValueFactory = _ => TrainingOptions.PaperRecipe, Description = "best (ours), paper (cross entropy, Adam as it is, six fixed views of every slice), or a JSON file with options that differ from the defaults (training.json shows all)." };
    private static readonly Option<int?> Epochs = PositiveOption.Create("--epochs", "Passes over the training views; the recipe's if not given.");
    private static readonly Option<int?> Steps = PositiveOption.Create("--steps", "Optimiser steps of every network, in place of epochs.");
    private static readonly Option<int?> InputSize = PositiveOption.Create("--input-size", "Side of what the networks are trained on, pixels; the recipe's if not given.");
    private static readonly Option<int?> BaseChannels = PositiveOption.Create("--base-channels", "Channels of the first level; the recipe's if not given.");
    private static readonly Option<string?> Tables = PathOption.Create("--tables", "Folder for tables.md and tables.json; that of --out if not given.");
    private static readonly Option<int?> ThreadCount = Threads.CreateOption();
    private static readonly Option<string> Device = ComputeDevice.CreateOption();

    public static Command Create()
    {
        var command = new Command("cross-validate", """
            Train and score networks on folds by group; can be stopped and called again, and several processes may share --out.

            Examples:
              cross-validate --data DATA --out out/paper --base-channels 64   the paper's tables: all networks, ten folds (weeks to months on 2 cores)
              cross-validate --data DATA --out out/best --folds 5 --archs m --augment on --recipe best
              cross-validate --data DATA --out out/try --folds 5 --only-folds 1 2 --archs m --augment on --recipe mine.json
            """)
        {
            Data, Out, Folds, OnlyFolds, Archs, Augment, FoldSeed, Seeds, FurtherSeeds, Recipe, Epochs, Steps, InputSize, BaseChannels, Tables, ThreadCount, Device,
        };
        command.Action = new LongWork(Run, "Stopped; the same command goes on from here.");
        return command;
    }

    private static int Run(ParseResult arguments, CancellationToken cancellationToken)
    {
        Threads.Fix(arguments.GetValue(ThreadCount));
        ComputeDevice.Fix(arguments.GetValue(Device)!);
        var plan = Plan(arguments);
        plan.Options.Validate();
        var data = TrainingData.Load(arguments.GetValue(Data)!);
        var outFolder = Path.GetFullPath(arguments.GetValue(Out)!);
        var validator = new CrossValidator(outFolder, plan, data, TimeProvider.System);
        var folds = FoldsToRun(arguments.GetValue(OnlyFolds)!, plan.Folds);
        var tables = Path.GetFullPath(arguments.GetValue(Tables) ?? outFolder);
        if (folds.Count == plan.Folds)
        {
            CrossValidationTables.RequireNoneLost(tables, plan, data);
            OutputFolder.Prepare(tables);
        }
        OutputFolder.Prepare(outFolder);
        var (results, elsewhere) = Train(validator, plan.Runs, folds, cancellationToken);
        if (elsewhere.Count > 0)
        {
            Console.Error.WriteLine($"Still trained by other processes: {string.Join(", ", elsewhere)}. The same command goes on with their results once they are done.");
            return ExitCodes.Failure;
        }
        if (folds.Count == plan.Folds)
        {
            // A process that shares the folder may have written others meanwhile.
            CrossValidationTables.RequireNoneLost(tables, plan, data);
            WriteTables(tables, CrossValidationReport.Create(plan, data, results), arguments);
        }
        return ExitCodes.Success;
    }

    /// <returns>Numbers from 0.</returns>
    private static IReadOnlyList<int> FoldsToRun(int[] only, int folds) => only.All(fold => fold >= 1 && fold <= folds)
        ? [.. only.Length == 0 ? Enumerable.Range(0, folds) : only.Distinct().Select(fold => fold - 1)]
        : throw new InvalidDataException($"{OnlyFolds.Name} takes numbers from 1 to {folds}.");

    /// <returns>The results of the runs that have all folds, and the names of the folds that other processes train.</returns>
    private static (Dictionary<CrossValidationRun, IReadOnlyList<FoldResult>> Results, IReadOnlyList<string> Elsewhere) Train(
        CrossValidator validator, IReadOnlyList<CrossValidationRun> runs, IReadOnlyList<int> folds, CancellationToken cancellationToken)
    {
        var results = new Dictionary<CrossValidationRun, IReadOnlyList<FoldResult>>();
        var found = runs.SelectMany(run => folds.Select(fold => (run, fold))).ToDictionary(pair => pair, _ => (FoldResult?)null);
        var hasFound = true;
        // What another process trains may be done after some hours, or free again, when that process was ended.
        while (hasFound && results.Count < runs.Count)
        {
            hasFound = false;
            foreach (var run in runs.Where(run => !results.ContainsKey(run)))
            {
                foreach (var fold in folds.Where(fold => found[(run, fold)] is null))
                {
                    found[(run, fold)] = TrainingDisplay.Show(display => validator.Fold(run, fold, display.Next, cancellationToken));
                    hasFound |= found[(run, fold)] is not null;
                }
                List<FoldResult> ofRun = [.. folds.Select(fold => found[(run, fold)]).OfType<FoldResult>()];
                if (ofRun.Count == folds.Count)
                    Print(run, results[run] = ofRun);
            }
        }
        return (results, [.. from pair in found where pair.Value is null select $"{pair.Key.run.Name} fold {pair.Key.fold + 1}"]);
    }

    private static void WriteTables(string folder, CrossValidationReport report, ParseResult arguments)
    {
        var text = CrossValidationTables.Write(report, $"./ctseg {string.Join(' ', arguments.Tokens.Select(token => token.Value))}");
        ModelFolder.ReplaceFile(Path.Combine(folder, CrossValidationTables.NumbersName), JsonSerializer.SerializeToUtf8Bytes(report, CrossValidationReportJson.Default.CrossValidationReport));
        ModelFolder.ReplaceFile(Path.Combine(folder, "tables.md"), Encoding.UTF8.GetBytes(text));
        Console.WriteLine(Path.Combine(folder, "tables.md"));
    }

    private static CrossValidationPlan Plan(ParseResult arguments)
    {
        var given = TrainingOptions.OfRecipe(arguments.GetValue(Recipe)!);
        var recipe = given with { Configuration = given.Configuration with { BaseChannels = arguments.GetValue(BaseChannels) ?? given.Configuration.BaseChannels } };
        var named = arguments.GetValue(Archs)!;
        bool[] augmented = arguments.GetValue(Augment) switch { On => [true], Off => [false], _ => [true, false] };
        return new CrossValidationPlan(
            recipe.For(recipe.Views, arguments.GetValue(InputSize) ?? recipe.InputSize) with { Epochs = arguments.GetValue(Epochs) ?? recipe.Epochs, ScoreEvery = 0 },
            [.. from architecture in named.Contains(Every) ? Architectures.All : named.Distinct()
                from withViews in augmented
                from seed in arguments.GetValue(Seeds)!.Concat(architecture is Architectures.Full or Architectures.UNet ? arguments.GetValue(FurtherSeeds)! : []).Distinct()
                select new CrossValidationRun(architecture, withViews, seed)],
            arguments.GetValue(Folds),
            arguments.GetValue(FoldSeed),
            arguments.GetValue(Steps));
    }

    private static void Print(CrossValidationRun run, IReadOnlyList<FoldResult> folds)
    {
        var scores = ForegroundProtocol.Score([.. folds.SelectMany(fold => fold.Slices)
            .Select(slice => new ScoredSlice(slice.Name, slice.Group, ConfusionMatrix.FromCounts(slice.AtMaskSize)))]);
        Console.WriteLine(run.Name + ": " + string.Join(", ", scores.Classes.Prepend(scores.Infection).Select(score =>
            $"{score.Name} {IntervalScore.DiceOf(score).ToText()} (n {score.SlicesWithClass})")) + ". " + GroupBootstrap.Caveat);
    }
}
