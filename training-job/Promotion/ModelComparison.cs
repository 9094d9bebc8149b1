using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Promotion;

/// <summary>Runs two models of the storage over the slices that neither has learnt from.</summary>
/// <param name="trusted">Where it holds keys, a model that none of them signed is not loaded.</param>
internal sealed class ModelComparison(ModelStore models, PromotionChain chain, TrustedKeys trusted)
{
    /// <value>Those of a challenger, which may not be signed yet; the same where null.</value>
    public TrustedKeys? TrustedOfChallenger { get; init; }

    /// <param name="done">Is told after every slice how many are done, of how many.</param>
    /// <exception cref="NotComparableException">There is no such model, or nobody knows what one has learnt from.</exception>
    /// <exception cref="DamagedModelException">A model's files are not what they should be.</exception>
    /// <exception cref="UntrustedModelException">A model is not signed by a trusted key.</exception>
    /// <exception cref="ModelFolderException">A model cannot be built.</exception>
    /// <exception cref="DamagedDataException">A slice is not what it should be.</exception>
    public async Task<ComparisonResult> CompareAsync(
        string champion, string challenger, ComparisonSet set, Action<int, int>? done, CancellationToken cancellationToken)
    {
        var slices = set.UnseenBy(await LearntFromAsync(champion, cancellationToken), await LearntFromAsync(challenger, cancellationToken));
        using var first = await LoadAsync(champion, trusted, cancellationToken);
        using var second = await LoadAsync(challenger, TrustedOfChallenger ?? trusted, cancellationToken);
        var start = await FindStartAsync(Served(first), Served(second), set with { Slices = slices }, cancellationToken);
        using var third = start?.Segmenter;
        var compared = new List<ComparedSlice>(slices.Count);
        foreach (var slice in slices)
        {
            compared.Add(await CompareAsync(slice, first, second, start?.Unseen.Contains(slice) == true ? third : null, cancellationToken));
            done?.Invoke(compared.Count, slices.Count);
        }
        var both = new ComparedModels(Served(first), Served(second), set.Version, compared.Count, [.. GroupBootstrap.ByGroup(compared, slice => slice.Slice.Group).Select(Sum)])
        {
            Start = start is null ? null : new ChainStart(start.Model, start.Problem),
        };
        return new ComparisonResult(both, compared, set.Slices.Count - slices.Count);
    }

    private static ComparedGroup Sum(IGrouping<string, ComparedSlice> group) => new(
        group.Key, ConfusionMatrix.Sum(group.Select(slice => slice.Champion)), ConfusionMatrix.Sum(group.Select(slice => slice.Challenger)))
    {
        Start = group.All(slice => slice.Start is not null) ? ConfusionMatrix.Sum(group.Select(slice => slice.Start!)) : null,
    };

    private static async Task<ComparedSlice> CompareAsync(
        ComparisonSlice slice, SliceSegmenter champion, SliceSegmenter challenger, SliceSegmenter? start, CancellationToken cancellationToken)
    {
        var labelled = await slice.LoadAsync(cancellationToken);
        var truth = labelled.Mask;
        var (first, second) = (Segment(champion), Segment(challenger));
        return new ComparedSlice(slice, ConfusionMatrix.Of(truth, first), ConfusionMatrix.Of(truth, second), MaskPng.Write(first), MaskPng.Write(second))
        {
            Start = start is null ? null : ConfusionMatrix.Of(truth, Segment(start)),
        };

        LesionMask Segment(SliceSegmenter model) => model.Segment(labelled.Image, truth.Width, truth.Height);
    }

    /// <summary>Where the promotions that led to the champion began.</summary>
    /// <param name="compared">What both have not learnt from.</param>
    /// <returns>Null where that is one of the two, or the champion never served.</returns>
    private async Task<LoadedStart?> FindStartAsync(ServedModel champion, ServedModel challenger, ComparisonSet compared, CancellationToken cancellationToken)
    {
        if (await chain.FindStartAsync(champion, cancellationToken) is not { } start || start == champion || start == challenger)
            return null;
        try
        {
            var unseen = compared.UnseenBy(await LearntFromAsync(start.Version, cancellationToken));
            return new LoadedStart(start, Problem: null, unseen.Count == 0 ? null : await LoadAsync(start, cancellationToken), unseen.ToHashSet());
        }
        // It may be gone by now; that must not keep better ones out for ever.
        catch (Exception e) when (e is NotComparableException or DamagedModelException or UntrustedModelException or ModelFolderException)
        {
            return new LoadedStart(start, e.Message, Segmenter: null, new HashSet<ComparisonSlice>());
        }
    }

    private async Task<SliceSegmenter> LoadAsync(ServedModel model, CancellationToken cancellationToken)
    {
        var loaded = await LoadAsync(model.Version, trusted, cancellationToken);
        if (Served(loaded) == model)
            return loaded;
        loaded.Dispose();
        throw new DamagedModelException($"The model {model.Version} has other weights than the one that served.");
    }

    private async Task<TrainedOn> LearntFromAsync(string version, CancellationToken cancellationToken)
    {
        if (await models.FindAsync(version, cancellationToken) is null)
            throw Missing(version);
        return await models.FindTrainedOnAsync(version, cancellationToken) ?? throw new NotComparableException($"Nobody knows what the model {version} has learnt from, so that no slice is known to be new to it: it cannot be compared. Promote by hand, with a reason, if it must serve.");
    }

    private static NotComparableException Missing(string version) => new($"There is no model '{version}': 'models list' shows those that there are.");

    private async Task<SliceSegmenter> LoadAsync(string version, TrustedKeys keys, CancellationToken cancellationToken)
    {
        var files = await models.FindFilesAsync(version, cancellationToken) ?? throw Missing(version);
        ModelSignatures.Verify(
            keys, version, keys.IsEmpty ? null : await models.FindSignatureAsync(version, cancellationToken), files.ManifestJson, files.Manifest.WeightsSha256);
        return SliceSegmenter.Load(files);
    }

    private static ServedModel Served(SliceSegmenter segmenter) => new(segmenter.Manifest.Version, segmenter.Manifest.WeightsSha256);
}

/// <param name="Compared">For the gate.</param>
/// <param name="Slices">In the order of the set.</param>
/// <param name="LeftOut">Slices of the set in whose group one of the models knows a picture.</param>
internal sealed record ComparisonResult(ComparedModels Compared, IReadOnlyList<ComparedSlice> Slices, int LeftOut);

/// <param name="ChampionMask">PNG, of the size of the truth.</param>
/// <param name="ChallengerMask">PNG, of the size of the truth.</param>
internal sealed record ComparedSlice(ComparisonSlice Slice, ConfusionMatrix Champion, ConfusionMatrix Challenger, byte[] ChampionMask, byte[] ChallengerMask)
{
    /// <value>What the start of the chain makes of it; null where that has learnt from its group, or there is none.</value>
    public ConfusionMatrix? Start { get; init; }
}

/// <param name="Segmenter">Null where it cannot be compared.</param>
/// <param name="Unseen">Slices that it has not learnt from either.</param>
internal sealed record LoadedStart(ServedModel Model, string? Problem, SliceSegmenter? Segmenter, IReadOnlySet<ComparisonSlice> Unseen);

/// <summary>Two models cannot be compared; the message says why.</summary>
internal sealed class NotComparableException(string message) : Exception(message);
