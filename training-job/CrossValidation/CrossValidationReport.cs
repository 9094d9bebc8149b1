using System.Text.Json;
using System.Text.Json.Serialization;
using CtSeg.Models;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.CrossValidation;

/// <summary>`tables.json`: the scores of a cross-validation and how they were made.</summary>
/// <param name="Machines">Where the networks were trained, and by which program.</param>
/// <param name="FoldSeed">Dealt the groups to the folds.</param>
/// <param name="Options">Of every network, but for architecture, views and seed.</param>
/// <param name="MeanPerImageRule">How the mean per image treats slices without the class.</param>
/// <param name="Differences">The paper's network minus each of the others.</param>
/// <param name="DifferencesOfViews">Each network augmented minus as the slices are.</param>
internal sealed record CrossValidationReport(
    IReadOnlyList<TrainingMachine> Machines,
    string DataSha256,
    int Slices,
    int Groups,
    int Folds,
    int FoldSeed,
    int? Steps,
    TrainingOptions Options,
    string MeanPerImageRule,
    IReadOnlyList<NetworkScores> Networks,
    IReadOnlyList<Difference> Differences,
    IReadOnlyList<Difference> DifferencesOfViews)
{
    public static CrossValidationReport Create(
        CrossValidationPlan plan, TrainingData data, IReadOnlyDictionary<CrossValidationRun, IReadOnlyList<FoldResult>> results)
    {
        var networks = results.Keys
            .GroupBy(run => (run.Architecture, run.Augmented))
            .ToDictionary(runs => runs.Key, runs => new ScoredNetwork(
                runs.Key.Architecture, runs.Key.Augmented, runs.ToDictionary(run => run.Seed, run => results[run])));
        return new CrossValidationReport(
            [.. results.Values.SelectMany(folds => folds).SelectMany(fold => fold.Machines).Distinct()],
            data.Sha256,
            data.Slices.Count,
            data.Slices.Select(slice => slice.Group).Distinct().Count(),
            plan.Folds,
            plan.FoldSeed,
            plan.Steps,
            plan.Options,
            ForegroundProtocol.RuleOfImages,
            [.. networks.Values.Select(network => network.Score())],
            [.. AgainstOthers(networks)],
            [.. OfViews(networks)]);
    }

    private static IEnumerable<Difference> AgainstOthers(Dictionary<(string Architecture, bool Augmented), ScoredNetwork> networks) =>
        from augmented in new[] { true, false }
        from other in Architectures.All
        where other != Architectures.Full && networks.ContainsKey((other, augmented)) && networks.ContainsKey((Architectures.Full, augmented))
        select networks[(Architectures.Full, augmented)].Minus(networks[(other, augmented)]);

    private static IEnumerable<Difference> OfViews(Dictionary<(string Architecture, bool Augmented), ScoredNetwork> networks) =>
        from architecture in Architectures.All
        where networks.ContainsKey((architecture, true)) && networks.ContainsKey((architecture, false))
        select networks[(architecture, true)].Minus(networks[(architecture, false)]);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(CrossValidationReport))]
internal sealed partial class CrossValidationReportJson : JsonSerializerContext;
