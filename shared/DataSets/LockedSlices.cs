using CtSeg.Contracts;

namespace CtSeg.DataSets;

/// <summary>Which slices of a data set are locked: all of a group that the rule locks, or that shows a picture that was ever locked.</summary>
internal static class LockedSlices
{
    public static IReadOnlySet<ScanId> Of(IReadOnlyList<DataSetSlice> slices, EvaluationRule rule, LockedPictures pictures)
    {
        var known = new PictureIndex(pictures.Pictures);
        var groups = slices.Where(slice => LockedGroups.IsLocked(slice.Group, rule) || known.Knows(slice.Picture))
            .Select(slice => slice.Group).ToHashSet(StringComparer.Ordinal);
        return slices.Where(slice => groups.Contains(slice.Group)).Select(slice => slice.Id).ToHashSet();
    }
}
