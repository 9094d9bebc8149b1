using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.TrainingJob.Reports;
using SliceChange = CtSeg.TrainingJob.Reports.SliceChange;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>What a data set holds that the model in use has not seen.</summary>
internal sealed class LearningChanges
{
    private readonly IReadOnlySet<ScanId> _keptOut;
    private readonly DataSet? _before;
    private readonly bool _notesMasks;
    private readonly PictureIndex _seen;
    private readonly HashSet<string> _pictures;
    private readonly ILookup<string, string> _learnt;
    private readonly ILookup<string, string> _masksBefore;
    private readonly HashSet<ScanId> _idsBefore;

    /// <param name="keptOut">Of training, as locked.</param>
    /// <param name="saw">The model in use and its ancestors; null where nobody knows.</param>
    /// <param name="before">The data set that the model in use was made from; null where it is not known. Only it tells of locked slices and of removed ones.</param>
    public LearningChanges(IReadOnlySet<ScanId> keptOut, TrainedOn? saw, DataSet? before)
    {
        (_keptOut, _before, _notesMasks) = (keptOut, before, saw?.Masks is not null);
        _seen = new PictureIndex(saw?.Pictures ?? []);
        _pictures = (saw?.Pictures ?? []).Select(picture => picture.Sha256).ToHashSet(StringComparer.Ordinal);
        _learnt = (saw?.Masks ?? []).ToLookup(mask => mask.Picture, mask => mask.Mask, StringComparer.Ordinal);
        _masksBefore = (before?.Slices ?? []).ToLookup(slice => slice.Picture.Sha256, slice => slice.MaskSha256, StringComparer.Ordinal);
        _idsBefore = (before?.Slices ?? []).Select(slice => slice.Id).ToHashSet();
    }

    /// <param name="data">As it is now.</param>
    public IReadOnlyList<SliceChange> Find(DataSet data)
    {
        var changes = new List<SliceChange>();
        foreach (var slice in data.Slices)
            if (KindOf(slice) is { } kind)
                changes.Add(new SliceChange(slice.Id, kind, null, _keptOut.Contains(slice.Id), []));
        var now = data.Slices.Select(slice => slice.Id).ToHashSet();
        changes.AddRange((_before?.Slices ?? []).Where(slice => !now.Contains(slice.Id))
            .Select(slice => new SliceChange(slice.Id, SliceChangeKind.Removed, null, IsLocked: false, [])));
        return changes;
    }

    /// <summary>Whether there is something to learn: a slice to train on that is new, or has another mask.</summary>
    public static bool IsNew(SliceChange change) => !change.IsLocked && change.Kind != SliceChangeKind.Removed;

    private SliceChangeKind? KindOf(DataSetSlice slice)
    {
        var picture = slice.Picture.Sha256;
        if (_notesMasks && !_keptOut.Contains(slice.Id))
        {
            if (_learnt[picture].Any())
                return _learnt[picture].Contains(slice.MaskSha256) ? null : SliceChangeKind.Replaced;
            // The same slice in another file may have a mask that was corrected: nobody compared the two.
            if (!_pictures.Contains(picture))
                return SliceChangeKind.Added;
        }
        return KindByDataSet(slice);
    }

    /// <summary>Of a slice that was never learnt from, or before masks were noted.</summary>
    private SliceChangeKind? KindByDataSet(DataSetSlice slice)
    {
        // By its hash too: one without structure (all black) is known by nothing else.
        if (_before is null)
            return !_keptOut.Contains(slice.Id) && (_seen.Knows(slice.Picture) || _pictures.Contains(slice.Picture.Sha256)) ? null : SliceChangeKind.Added;
        if (_masksBefore[slice.Picture.Sha256].Contains(slice.MaskSha256))
            return null;
        return _idsBefore.Contains(slice.Id) || _masksBefore[slice.Picture.Sha256].Any() ? SliceChangeKind.Replaced : SliceChangeKind.Added;
    }
}
