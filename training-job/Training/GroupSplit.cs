namespace CtSeg.TrainingJob.Training;

/// <summary>Slices to fit and slices to score; no group is on both sides.</summary>
internal sealed record GroupSplit(IReadOnlyList<LabelledSlice> Training, IReadOnlyList<LabelledSlice> HeldOut)
{
    /// <summary>Shuffles the groups by the seed and holds out whole groups until they hold the wanted share of the slices.</summary>
    /// <exception cref="TrainingDataException">There are not two groups.</exception>
    public static GroupSplit Create(IReadOnlyList<LabelledSlice> slices, double heldOutShare, int seed)
    {
        var groups = slices.GroupBy(slice => slice.Group).OrderBy(group => group.Key, StringComparer.Ordinal).ToArray();
        if (groups.Length < 2)
            throw new TrainingDataException("The data has fewer than two groups: nothing can be held out.");
        new Random(seed).Shuffle(groups);
        var heldOut = new HashSet<string>();
        var held = 0;
        foreach (var group in groups.Take(groups.Length - 1))
        {
            if (held >= heldOutShare * slices.Count)
                break;
            heldOut.Add(group.Key);
            held += group.Count();
        }
        return new GroupSplit(
            [.. slices.Where(slice => !heldOut.Contains(slice.Group))],
            [.. slices.Where(slice => heldOut.Contains(slice.Group))]);
    }
}
