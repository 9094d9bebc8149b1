using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Model;

namespace CtSeg.TrainingJob.CrossValidation;

/// <summary>The folds of a network, trained once with every seed.</summary>
internal sealed class ScoredNetwork
{
    // Not that of the groups: where there are as many of either, one draw would be a copy of the other.
    private const int SeedOfSeeds = 7919;

    private readonly string _architecture;
    private readonly bool _augmented;
    private readonly IReadOnlyList<int> _seeds;
    private readonly IReadOnlyList<FoldResult> _folds;
    private readonly IReadOnlyList<GroupCounts> _groups;

    /// <param name="seeds">Results of all folds, by the seed they were trained with.</param>
    public ScoredNetwork(string architecture, bool augmented, IReadOnlyDictionary<int, IReadOnlyList<FoldResult>> seeds)
    {
        (_architecture, _augmented) = (architecture, augmented);
        _seeds = [.. seeds.Keys.Order()];
        _folds = [.. _seeds.SelectMany(seed => seeds[seed])];
        var ofSeeds = _seeds.Select(seed => seeds[seed].SelectMany(fold => fold.Slices).ToLookup(slice => slice.Group, StringComparer.Ordinal)).ToList();
        _groups = [.. ofSeeds[0].Select(group => group.Key).Order(StringComparer.Ordinal).Select(group => new GroupCounts(
            [.. ofSeeds.Select(slices => slices[group].Select(slice => ConfusionMatrix.FromCounts(slice.AtMaskSize)).ToList())],
            [.. ofSeeds.Select(slices => Sum(slices[group].Select(slice => slice.AtNetworkSize)))]))];
    }

    /// <param name="options">Of the folds of all networks.</param>
    public NetworkScores Score(FoldOptions options) => new(
        _architecture,
        _augmented,
        _seeds,
        _folds[0].Options.Views,
        ResidualAttentionUNet.CountWeights(_folds[0].Options.Configuration),
        CountRange.Of([.. _folds.Select(fold => fold.Options.Epochs)]),
        CountRange.Of([.. _folds.Select(fold => fold.Steps)]),
        options.OwnOf(_folds),
        SecondsPerStep.Of(_folds),
        FoldsOfMachine.Of(_folds),
        OfPaper(matrix => PaperProtocol.MicroDice(matrix)),
        OfPaper(matrix => PaperProtocol.MeanClassDice(matrix)),
        OfPaper(matrix => PaperProtocol.MeanClassPrecision(matrix)),
        [.. ForegroundProtocol.Findings.Select(finding => new FindingScores(
            finding.Name,
            _folds.Take(_folds.Count / _seeds.Count).SelectMany(fold => fold.Slices).Count(slice => ConfusionMatrix.FromCounts(slice.AtMaskSize).Truth(finding.Labels) > 0),
            OfGroups(group => group.AtMaskSize, matrix => matrix.Dice(finding.Labels)),
            MeanPerImage(finding.Labels),
            [.. Enumerable.Range(0, _seeds.Count).Select(seed => ConfusionMatrix.Sum(_groups.Select(group => group.AtMaskSize[seed])).Dice(finding.Labels))]))]);

    /// <summary>Of the slices alone; every network of a cross-validation has the same.</summary>
    public AllBackgroundScores ScoreAllBackground() => new(
        OfPaper(matrix => PaperProtocol.MicroDice(matrix.AllBackground())),
        OfPaper(matrix => PaperProtocol.MeanClassDice(matrix.AllBackground())),
        OfPaper(matrix => PaperProtocol.MeanClassPrecision(matrix.AllBackground())));

    /// <summary>What this one reaches more, with intervals drawn over the groups of both at once and over the seeds of each.</summary>
    public Difference Minus(ScoredNetwork other)
    {
        List<(GroupCounts One, GroupCounts Other)> pairs = [.. _groups.Zip(other._groups)];
        IntervalScore Lead(Func<GroupCounts, IReadOnlyList<ConfusionMatrix>> counts, Func<ConfusionMatrix, double?> score)
        {
            var random = new Random(SeedOfSeeds);
            double? Of(IReadOnlyList<(GroupCounts One, GroupCounts Other)> drawn, IReadOnlyList<int> ofOne, IReadOnlyList<int> ofOther) =>
                Mean([.. drawn.Select(pair => pair.One)], counts, score, ofOne) - Mean([.. drawn.Select(pair => pair.Other)], counts, score, ofOther);
            return new IntervalScore(
                Of(pairs, AllSeeds, other.AllSeeds), GroupBootstrap.Interval(pairs, drawn => Of(drawn, DrawSeeds(random), other.DrawSeeds(random))));
        }
        return new Difference(
            _architecture,
            _augmented,
            other._architecture,
            other._augmented,
            PublishedScores.Of(_architecture, _augmented).Dice - PublishedScores.Of(other._architecture, other._augmented).Dice,
            Math.Min(_seeds.Count, other._seeds.Count),
            Lead(group => group.AtNetworkSize, matrix => PaperProtocol.MeanClassDice(matrix)),
            [.. ForegroundProtocol.Findings.Select(finding =>
                new DifferenceOfFinding(finding.Name, Lead(group => group.AtMaskSize, matrix => matrix.Dice(finding.Labels))))]);
    }

    private IntervalScore OfPaper(Func<ConfusionMatrix, double?> score) => OfGroups(group => group.AtNetworkSize, score);

    private IntervalScore OfGroups(Func<GroupCounts, IReadOnlyList<ConfusionMatrix>> counts, Func<ConfusionMatrix, double?> score)
    {
        var random = new Random(SeedOfSeeds);
        return new IntervalScore(
            Mean(_groups, counts, score, AllSeeds), GroupBootstrap.Interval(_groups, drawn => Mean(drawn, counts, score, DrawSeeds(random))));
    }

    private IntervalScore MeanPerImage(int[] labels)
    {
        var random = new Random(SeedOfSeeds);
        // By group and seed.
        List<List<IReadOnlyList<double?>>> groups = [.. _groups.Select(group => group.Slices.Select(slices => ForegroundProtocol.DiceOfImages(slices, labels)).ToList())];
        double? Of(IReadOnlyList<List<IReadOnlyList<double?>>> drawn, IReadOnlyList<int> seeds) =>
            seeds.Average(seed => drawn.SelectMany(group => group[seed]).Average());
        return new IntervalScore(Of(groups, AllSeeds), GroupBootstrap.Interval(groups, drawn => Of(drawn, DrawSeeds(random))));
    }

    private IReadOnlyList<int> AllSeeds => [.. Enumerable.Range(0, _seeds.Count)];

    private int[] DrawSeeds(Random random) => [.. AllSeeds.Select(_ => random.Next(_seeds.Count))];

    /// <summary>Mean over the seeds of a score of the pixels of all groups.</summary>
    private static double? Mean(
        IReadOnlyList<GroupCounts> groups, Func<GroupCounts, IReadOnlyList<ConfusionMatrix>> counts, Func<ConfusionMatrix, double?> score, IEnumerable<int> seeds) =>
        seeds.Average(seed => score(ConfusionMatrix.Sum(groups.Select(group => counts(group)[seed]))));

    private static ConfusionMatrix Sum(IEnumerable<IReadOnlyList<long>> slices) => ConfusionMatrix.Sum(slices.Select(ConfusionMatrix.FromCounts));

    /// <summary>Pixels of a group, by seed.</summary>
    /// <param name="Slices">One by one, at the masks' size.</param>
    /// <param name="AtNetworkSize">Of all its slices.</param>
    private sealed record GroupCounts(IReadOnlyList<IReadOnlyList<ConfusionMatrix>> Slices, IReadOnlyList<ConfusionMatrix> AtNetworkSize)
    {
        /// <value>Of all its slices.</value>
        public IReadOnlyList<ConfusionMatrix> AtMaskSize { get; } = [.. Slices.Select(ConfusionMatrix.Sum)];
    }
}
