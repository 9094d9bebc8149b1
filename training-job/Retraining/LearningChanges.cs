using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.TrainingJob.Reports;
using SliceChange = CtSeg.TrainingJob.Reports.SliceChange;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>What a data set holds that the model in use has not seen.</summary>
internal static class LearningChanges
{
    /// <param name="data">As it is now.</param>
    /// <param name="locked">Kept out of training.</param>
    /// <param name="seen">By the model in use and its ancestors.</param>
    /// <param name="before">The data set that the model in use was made from; null where it is not known. Only it tells masks that were replaced.</param>
    public static IReadOnlyList<SliceChange> Find(DataSet data, IReadOnlySet<ScanId> locked, PictureIndex seen, DataSet? before)
    {
        var byId = before?.Slices.ToDictionary(slice => slice.Id);
        var masks = before?.Slices.ToLookup(slice => slice.Picture.Sha256, slice => slice.MaskSha256, StringComparer.Ordinal);
        var changes = new List<SliceChange>();
        foreach (var slice in data.Slices)
            if (KindOf(slice, seen, byId, masks, locked.Contains(slice.Id)) is { } kind)
                changes.Add(new SliceChange(slice.Id, kind, null, locked.Contains(slice.Id), []));
        var now = data.Slices.Select(slice => slice.Id).ToHashSet();
        changes.AddRange((before?.Slices ?? []).Where(slice => !now.Contains(slice.Id))
            .Select(slice => new SliceChange(slice.Id, SliceChangeKind.Removed, null, IsLocked: false, [])));
        return changes;
    }

    /// <summary>Whether there is something to learn: a slice to train on that is new, or has another mask.</summary>
    public static bool IsNew(SliceChange change) => !change.IsLocked && change.Kind != SliceChangeKind.Removed;

    private static SliceChangeKind? KindOf(
        DataSetSlice slice, PictureIndex seen, Dictionary<ScanId, DataSetSlice>? byId, ILookup<string, string>? masks, bool isLocked)
    {
        // A locked slice was never learnt from: without the data set nobody knows whether it was there.
        if (byId is null || masks is null)
            return !isLocked && seen.Knows(slice.Picture) ? null : SliceChangeKind.Added;
        if (masks[slice.Picture.Sha256].Contains(slice.MaskSha256))
            return null;
        return byId.ContainsKey(slice.Id) || masks[slice.Picture.Sha256].Any() ? SliceChangeKind.Replaced : SliceChangeKind.Added;
    }
}
