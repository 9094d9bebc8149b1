using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using CtSeg.Models;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.CrossValidation;

/// <summary>`tables.json`: the scores of a cross-validation and how they were made.</summary>
/// <param name="Machines">Where the folds were trained, and by which program.</param>
/// <param name="FoldSeed">Dealt the groups to the folds.</param>
/// <param name="Steps">That every network was to have; each one's own are with it. Null for the recipe's epochs.</param>
/// <param name="IsPaperSetting">Whether every network of the paper was trained as it says, ten folds at full width.</param>
/// <param name="StepsOfPaperSetting">Optimiser steps that it takes on these slices, of all its folds; null where they do not fill ten.</param>
/// <param name="Options">That all folds ran with; what networks have of their own is with them.</param>
/// <param name="MeanPerImageRule">How the mean per image treats slices without the class.</param>
/// <param name="Differences">The paper's network minus each of the others; those with one of its parts alone minus the U-Net.</param>
/// <param name="DifferencesOfViews">Each network augmented minus as the slices are.</param>
internal sealed record CrossValidationReport(
    IReadOnlyList<FoldsOfMachine> Machines,
    string DataSha256,
    int Slices,
    int Groups,
    int Folds,
    int FoldSeed,
    int? Steps,
    bool IsPaperSetting,
    long? StepsOfPaperSetting,
    JsonObject Options,
    string MeanPerImageRule,
    AllBackgroundScores AllBackground,
    IReadOnlyList<NetworkScores> Networks,
    IReadOnlyList<Difference> Differences,
    IReadOnlyList<Difference> DifferencesOfViews)
{
    /// <summary>Channels of the first level in the paper's setting: decision 9.</summary>
    public const int FullWidth = 64;

    /// <summary>Of the paper.</summary>
    public const int FullFolds = 10;

    // What all parts do together, what each does beside the other, what each does alone.
    private static readonly IReadOnlyList<(string Architecture, string Other)> Compared =
    [
        .. Architectures.All.Where(other => other != Architectures.Full).Select(other => (Architectures.Full, other)),
        (Architectures.WithoutResNeXt, Architectures.UNet),
        (Architectures.WithoutAttention, Architectures.UNet),
    ];

    public static CrossValidationReport Create(
        CrossValidationPlan plan, TrainingData data, IReadOnlyDictionary<CrossValidationRun, IReadOnlyList<FoldResult>> results)
    {
        // In the plan's order: another process may have finished any of them first.
        var planned = plan.Runs.ToList();
        List<CrossValidationRun> runs = [.. results.Keys.OrderBy(planned.IndexOf)];
        var networks = runs
            .GroupBy(run => (run.Architecture, run.Augmented))
            .ToDictionary(seeds => seeds.Key, seeds => new ScoredNetwork(
                seeds.Key.Architecture, seeds.Key.Augmented, seeds.ToDictionary(run => run.Seed, run => results[run])));
        List<FoldResult> folds = [.. runs.SelectMany(run => results[run])];
        var options = new FoldOptions(folds);
        return new CrossValidationReport(
            FoldsOfMachine.Of(folds),
            data.Sha256,
            data.Slices.Count,
            data.Slices.Select(slice => slice.Group).Distinct().Count(),
            plan.Folds,
            plan.FoldSeed,
            plan.Steps,
            IsOfPaper(plan.Folds, results),
            StepsOfPaper(data),
            options.Shared,
            ForegroundProtocol.RuleOfImages,
            networks.Values.First().ScoreAllBackground(),
            [.. networks.Values.Select(network => network.Score(options))],
            [.. OfParts(networks)],
            [.. OfViews(networks)]);
    }

    private static bool IsOfPaper(int folds, IReadOnlyDictionary<CrossValidationRun, IReadOnlyList<FoldResult>> results)
    {
        var full = FullPlan([.. results.Keys]);
        return folds == FullFolds
            && results.Keys.Select(run => (run.Architecture, run.Augmented)).Distinct().Count() == 2 * Architectures.All.Count
            && results.All(of => of.Value.All(fold => FoldScores.FindDifference(full.OptionsOf(of.Key, slices: []), fold.Options) is null));
    }

    private static long? StepsOfPaper(TrainingData data)
    {
        if (data.Slices.Select(slice => slice.Group).Distinct().Count() < FullFolds)
            return null;
        var full = FullPlan(
            [.. Architectures.All.SelectMany(architecture => new[] { true, false }.Select(augmented => new CrossValidationRun(architecture, augmented, Seed: 1)))]);
        var steps = from fold in GroupSplit.Folds(data.Slices, full.Folds, full.FoldSeed)
                    from run in full.Runs
                    let options = full.OptionsOf(run, fold.Training)
                    select (long)options.Epochs * Trainer.StepsOfEpoch(options, fold.Training);
        return steps.Sum();
    }

    private static CrossValidationPlan FullPlan(IReadOnlyList<CrossValidationRun> runs)
    {
        var paper = TrainingOptions.OfRecipe(TrainingOptions.PaperRecipe);
        return new CrossValidationPlan(paper with { Configuration = paper.Configuration with { BaseChannels = FullWidth } }, runs, FullFolds, FoldSeed: 1, Steps: null);
    }

    private static IEnumerable<Difference> OfParts(Dictionary<(string Architecture, bool Augmented), ScoredNetwork> networks) =>
        from augmented in new[] { true, false }
        from pair in Compared
        where networks.ContainsKey((pair.Architecture, augmented)) && networks.ContainsKey((pair.Other, augmented))
        select networks[(pair.Architecture, augmented)].Minus(networks[(pair.Other, augmented)]);

    private static IEnumerable<Difference> OfViews(Dictionary<(string Architecture, bool Augmented), ScoredNetwork> networks) =>
        from architecture in Architectures.All
        where networks.ContainsKey((architecture, true)) && networks.ContainsKey((architecture, false))
        select networks[(architecture, true)].Minus(networks[(architecture, false)]);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(CrossValidationReport))]
internal sealed partial class CrossValidationReportJson : JsonSerializerContext;
