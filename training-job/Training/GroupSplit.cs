namespace CtSeg.TrainingJob.Training;

/// <summary>Slices to fit and slices to score; no group is on both sides.</summary>
internal sealed record GroupSplit(IReadOnlyList<LabelledSlice> Training, IReadOnlyList<LabelledSlice> HeldOut)
{
    /// <summary>
    /// Shuffles the groups by the seed and holds out whole groups until they hold about the wanted share of the slices; not one that would miss it by
    /// more than its lack does. At least one group is on either side.
    /// </summary>
    /// <param name="heldOutShare">0 holds nothing out.</param>
    /// <exception cref="TrainingDataException">Something is to be held out, and there are not two groups.</exception>
    public static GroupSplit Create(IReadOnlyList<LabelledSlice> slices, double heldOutShare, int seed)
    {
        if (heldOutShare == 0)
            return HoldOut(slices, []);
        var groups = slices.GroupBy(slice => slice.Group).OrderBy(group => group.Key, StringComparer.Ordinal).ToArray();
        if (groups.Length < 2)
            throw new TrainingDataException("The data has fewer than two groups, so that nothing can be held out: hold out a share of 0 to train on all.");
        new Random(seed).Shuffle(groups);
        var heldOut = new HashSet<string>(StringComparer.Ordinal);
        var missing = heldOutShare * slices.Count;
        foreach (var group in groups)
        {
            if (group.Count() > 2 * missing || heldOut.Count == groups.Length - 1)
                continue;
            heldOut.Add(group.Key);
            missing -= group.Count();
        }
        if (heldOut.Count == 0)
            heldOut.Add(groups.MinBy(group => group.Count())!.Key);
        return HoldOut(slices, heldOut);
    }

    /// <summary>As many splits as folds; every slice is held out by exactly one of them. The groups are dealt out, the largest first, to the fold that holds the fewest slices.</summary>
    /// <param name="folds">At least 2.</param>
    /// <param name="seed">Decides the order among groups of one size.</param>
    /// <exception cref="TrainingDataException">There are fewer groups than folds, or fewer than 2 folds.</exception>
    public static IReadOnlyList<GroupSplit> Folds(IReadOnlyList<LabelledSlice> slices, int folds, int seed)
    {
        if (folds < 2)
            throw new TrainingDataException($"{folds} folds hold nothing out: at least 2 are needed.");
        var groups = slices.GroupBy(slice => slice.Group).OrderBy(group => group.Key, StringComparer.Ordinal).ToArray();
        if (groups.Length < folds)
            throw new TrainingDataException($"The data has {groups.Length} groups: they do not fill {folds} folds.");
        new Random(seed).Shuffle(groups);
        var heldOut = Enumerable.Range(0, folds).Select(_ => new HashSet<string>(StringComparer.Ordinal)).ToArray();
        var held = new int[folds];
        foreach (var group in groups.OrderByDescending(group => group.Count()))
        {
            var fold = Array.IndexOf(held, held.Min());
            heldOut[fold].Add(group.Key);
            held[fold] += group.Count();
        }
        return [.. heldOut.Select(names => HoldOut(slices, names))];
    }

    private static GroupSplit HoldOut(IReadOnlyList<LabelledSlice> slices, HashSet<string> groups) => new(
        [.. slices.Where(slice => !groups.Contains(slice.Group))],
        [.. slices.Where(slice => groups.Contains(slice.Group))]);
}
