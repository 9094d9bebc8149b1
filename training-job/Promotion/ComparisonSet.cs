using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.TrainingJob.DataSets;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Promotion;

/// <summary>Slices that models may be compared on.</summary>
/// <param name="Version">Of the locked set; for a folder, its hash.</param>
/// <param name="Groups">Names the groups as models do; null where no model can know them.</param>
internal sealed record ComparisonSet(string Version, GroupHash? Groups, IReadOnlyList<ComparisonSlice> Slices)
{
    /// <summary>The locked slices of the data as they are now; what is locked by this stays so.</summary>
    /// <exception cref="DamagedDataException">The rule of the locked set cannot be read.</exception>
    public static async Task<ComparisonSet> LockedAsync(DataSetStore store, CancellationToken cancellationToken)
    {
        var data = await store.SnapshotAsync(cancellationToken);
        return await OfAsync(store, data, await store.LockAsync(data, cancellationToken), cancellationToken);
    }

    /// <summary>The slices that would be locked now; nothing is written.</summary>
    /// <exception cref="DamagedDataException">The rule of the locked set cannot be read.</exception>
    public static async Task<ComparisonSet> ReadAsync(DataSetStore store, CancellationToken cancellationToken)
    {
        var now = await store.ReadAsync(cancellationToken);
        return Of(store, now.Data, now.Locked, now.EvaluationSet, await store.FindGroupHashAsync(cancellationToken));
    }

    /// <param name="locked">A part of <paramref name="data"/>.</param>
    public static async Task<ComparisonSet> OfAsync(DataSetStore store, DataSet data, EvaluationSet locked, CancellationToken cancellationToken) =>
        Of(store, data, locked.Slices.ToHashSet(), locked.Version, await store.GroupHashAsync(cancellationToken));

    public static ComparisonSet Of(TrainingData data) => new(
        data.Sha256, Groups: null,
        [.. data.Slices.Select(slice => new ComparisonSlice(slice.Name, slice.Group, PictureIdentity.Of(slice.Image), _ => Task.FromResult(slice)))]);

    /// <summary>
    /// The slices that neither model has learnt from. A group of which either knows one picture is left out whole: its other slices show the same
    /// patient.
    /// </summary>
    public IReadOnlyList<ComparisonSlice> UnseenBy(params IReadOnlyList<TrainedOn> models)
    {
        var pictures = new PictureIndex(models.SelectMany(model => model.Pictures));
        var groups = models.SelectMany(model => model.Groups).ToHashSet(StringComparer.Ordinal);
        var seen = Slices
            .Where(slice => pictures.Knows(slice.Picture) || IsLearnt(slice.Group) || (slice.OwnGroup is { } own && IsLearnt(own)))
            .Select(slice => slice.Group).ToHashSet(StringComparer.Ordinal);
        return [.. Slices.Where(slice => !seen.Contains(slice.Group))];

        bool IsLearnt(string group) => Groups is not null && groups.Contains(Groups.Of(group));
    }

    private static ComparisonSet Of(DataSetStore store, DataSet data, IReadOnlySet<ScanId> locked, string version, GroupHash? groups)
    {
        var slices = data.Slices.Where(slice => locked.Contains(slice.Id))
            .Select(slice => new ComparisonSlice(slice.Id.ToString(), slice.Group, slice.Picture, token => LoadAsync(store, slice, token)) { OwnGroup = slice.OwnGroup });
        return new ComparisonSet(version, groups, [.. slices]);
    }

    private static async Task<LabelledSlice> LoadAsync(DataSetStore store, DataSetSlice slice, CancellationToken cancellationToken) =>
        (await LabelledSlices.LoadAsync(store, [slice], cancellationToken))[0];
}

/// <param name="Name">An id, or the file's name in a folder.</param>
/// <param name="LoadAsync">Picture and truth.</param>
internal sealed record ComparisonSlice(string Name, string Group, PictureIdentity Picture, Func<CancellationToken, Task<LabelledSlice>> LoadAsync)
{
    /// <value>Where the group bears the name of another that it was joined with.</value>
    public string? OwnGroup { get; init; }
}
