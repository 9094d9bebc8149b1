namespace CtSeg.DataSets;

/// <summary>
/// Groups that show the same picture are one: otherwise a picture could lie on both sides of a split. One without structure (all black) joins none: it is
/// that of many patients.
/// </summary>
internal static class JoinedGroups
{
    /// <summary>
    /// The name that each slice's group has in a data set. Of groups that became one, it is that of a locked one where there is any (what was
    /// locked once is never learnt from), else the first in ordinal order.
    /// </summary>
    /// <returns>In the order of the slices.</returns>
    public static IReadOnlyList<string> Of(IReadOnlyList<TrainingSlice> slices, EvaluationRule rule)
    {
        var groups = slices.Select(slice => slice.Group).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        var numbers = groups.Index().ToDictionary(group => group.Item, group => group.Index, StringComparer.Ordinal);
        var parents = Enumerable.Range(0, groups.Length).ToArray();
        var pictures = slices.Where(slice => PictureFingerprint.HasStructure(slice.Picture.Fingerprint))
            .Select(slice => (Group: numbers[slice.Group], slice.Picture.Sha256, Bits: PictureFingerprint.Words(slice.Picture.Fingerprint))).ToArray();
        for (var i = 0; i < pictures.Length; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var (one, other) = (pictures[i], pictures[j]);
                if (one.Group != other.Group
                    && (PictureFingerprint.Distance(one.Bits, other.Bits) <= PictureFingerprint.MaxDistance || one.Sha256 == other.Sha256))
                    parents[RootOf(parents, one.Group)] = RootOf(parents, other.Group);
            }
        }
        var names = new string?[groups.Length];
        // In ordinal order, the locked ones first.
        foreach (var number in Enumerable.Range(0, groups.Length).OrderByDescending(number => LockedGroups.IsLocked(groups[number], rule)))
            names[RootOf(parents, number)] ??= groups[number];
        return [.. slices.Select(slice => names[RootOf(parents, numbers[slice.Group])]!)];
    }

    private static int RootOf(int[] parents, int number)
    {
        while (parents[number] != number)
            number = parents[number] = parents[parents[number]];
        return number;
    }
}
