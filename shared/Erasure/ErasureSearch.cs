using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Corrections;
using CtSeg.DataSets;

namespace CtSeg.Erasure;

/// <summary>
/// Finds in storage what an order is about: the slices that it names, by group or id, and every slice elsewhere that shows a picture of theirs. Reads
/// whatever can be about them; nothing is changed.
/// </summary>
internal sealed class ErasureSearch(BlobServiceClient storage, TimeProvider time)
{
    private readonly KnownScans _scans = new(storage);
    private readonly StoredUploads _uploads = new(storage.GetBlobContainerClient(Containers.Slices));
    private readonly ErasureTraces _traces = new(storage);

    public async Task<ErasureSighting> LookAsync(ErasureOrder order, CancellationToken cancellationToken)
    {
        var look = await BeginAsync(order, cancellationToken);
        var named = await NamedAsync(look, cancellationToken);
        named.ExceptWith(await RenewedAsync(look, named, cancellationToken));
        var pictures = await PicturesOfAsync(look, named, cancellationToken);
        var known = new ErasedPictures(pictures);
        var scans = named.Concat(order.Found.Scans).ToHashSet();
        scans.UnionWith(await ShowingAsync(look, known, cancellationToken));
        var renewed = await RenewedAsync(look, scans, cancellationToken);
        scans.ExceptWith(renewed);
        var slices = look.Slices.Where(slice => scans.Contains(slice.Id)).ToArray();
        var uploads = await UploadsOfAsync(look, scans, cancellationToken);
        var sets = ErasureTraces.Sets(look.Sets, scans, known, order.Time, look.Unreadable.Add);
        var names = look.NamesOf(scans);
        names.UnionWith(uploads.Select(upload => upload.Name));
        return new ErasureSighting(
            Union(order.Found, scans, pictures, await ImagesAsync(look, slices, scans, cancellationToken), slices, sets), slices.Length, uploads,
            await _traces.DeadLettersAsync(scans, names, cancellationToken), await _traces.ShadowsAsync(scans, cancellationToken), [.. look.Unreadable.Distinct()])
        {
            Renewed = renewed,
            TakenIn = scans.Count(look.IsKnown),
        };
    }

    private async Task<Look> BeginAsync(ErasureOrder order, CancellationToken cancellationToken)
    {
        var unreadable = new List<string>();
        var store = new DataSetStore(storage, time) { Damaged = document => unreadable.Add(document.BlobPath) };
        var slices = new List<TrainingSlice>();
        await foreach (var slice in store.ListAsync(cancellationToken))
            slices.Add(slice);
        var uploads = await _uploads.ListAsync(cancellationToken);
        var until = order.UploadedUntil ?? DateTime.MaxValue;
        return new Look(
            order, order.Group is null ? null : await store.GroupHashAsync(cancellationToken), slices, await _scans.ListAsync(cancellationToken),
            [.. uploads.Where(upload => upload.Time <= until)], [.. uploads.Where(upload => upload.Time > until)],
            await StoredSets.ReadAsync(storage.GetBlobContainerClient(Containers.TrainingData), cancellationToken), unreadable);
    }

    /// <summary>The slices that the order names.</summary>
    private async Task<HashSet<ScanId>> NamedAsync(Look look, CancellationToken cancellationToken)
    {
        if (look.Order.Scan is { } scan)
            return [scan];
        // What joined after the order was written is a new decision.
        var named = look.Slices.Where(slice => look.IsGroup(slice.Group) && slice.Origin.Time <= look.Order.Time).Select(slice => slice.Id).ToHashSet();
        named.UnionWith(look.ListedOfGroup().Select(slice => slice.Id));
        var groups = look.Uploads.Concat(look.NewUploads).ToLookup(upload => upload.Name, upload => upload.Group, StringComparer.Ordinal);
        foreach (var (id, known) in look.Scans)
            if (known.BlobName is { } name && GroupsOf(name).Any(group => look.IsGroup(group ?? id.ToString())))
                named.Add(id);
        foreach (var upload in look.Uploads.Where(look.IsOfGroup))
            named.UnionWith(await _uploads.IdsAsync(upload, look.IsKnown, cancellationToken));
        return named;

        IEnumerable<string?> GroupsOf(string name) => groups.Contains(name) ? groups[name] : [UploadGroup.Of(name, metadata: null)];
    }

    /// <summary>The pictures of the named slices, and those that an earlier look found.</summary>
    private async Task<IReadOnlyList<PictureIdentity>> PicturesOfAsync(Look look, HashSet<ScanId> named, CancellationToken cancellationToken)
    {
        var pictures = look.Order.Found.Pictures.ToList();
        pictures.AddRange(look.Slices.Where(slice => named.Contains(slice.Id)).Select(slice => slice.Picture));
        pictures.AddRange(look.ListedOfGroup().Where(slice => named.Contains(slice.Id)).Select(slice => slice.Picture));
        pictures.AddRange((await _scans.PicturesAsync(named.Where(look.IsPreprocessed), look.Unreadable.Add, cancellationToken)).Values);
        var without = named.Where(scan => !look.IsPreprocessed(scan)).ToHashSet();
        var names = look.NamesOf(without);
        foreach (var upload in look.Uploads.Where(upload => without.Count > 0 && (names.Contains(upload.Name) || look.IsOfGroup(upload) || look.IsNotTakenIn(upload))))
            if ((await _uploads.IdsAsync(upload, look.IsKnown, cancellationToken)).Any(without.Contains) && await _uploads.PictureAsync(upload, cancellationToken) is { } picture)
                pictures.Add(picture);
        return [.. pictures.DistinctBy(picture => picture.Sha256)];
    }

    /// <summary>All slices that show a picture of the order, wherever they are.</summary>
    private async Task<HashSet<ScanId>> ShowingAsync(Look look, ErasedPictures known, CancellationToken cancellationToken)
    {
        var showing = look.Slices.Where(slice => known.Knows(slice.Picture)).Select(slice => slice.Id).ToHashSet();
        var pictures = await _scans.PicturesAsync(look.Scans.Where(scan => scan.Value.IsPreprocessed).Select(scan => scan.Key), look.Unreadable.Add, cancellationToken);
        showing.UnionWith(pictures.Where(picture => known.Knows(picture.Value)).Select(picture => picture.Key));
        foreach (var upload in look.Uploads.Where(look.IsNotTakenIn))
            if (known.Knows(await _uploads.PictureAsync(upload, cancellationToken)))
                showing.UnionWith(await _uploads.IdsAsync(upload, look.IsKnown, cancellationToken));
        return showing;
    }

    /// <summary>Scans that somebody uploaded again after the order was written.</summary>
    private async Task<HashSet<ScanId>> RenewedAsync(Look look, HashSet<ScanId> scans, CancellationToken cancellationToken)
    {
        var (renewed, names) = (new HashSet<ScanId>(), look.NamesOf(scans));
        foreach (var upload in look.NewUploads.Where(upload => upload.IsCurrent && (names.Contains(upload.Name) || look.IsNotTakenIn(upload))))
            renewed.UnionWith((await _uploads.IdsAsync(upload, look.IsKnown, cancellationToken)).Where(scans.Contains));
        return renewed;
    }

    private async Task<IReadOnlyList<StoredUpload>> UploadsOfAsync(Look look, HashSet<ScanId> scans, CancellationToken cancellationToken)
    {
        var (found, names) = (new List<StoredUpload>(), look.NamesOf(scans));
        foreach (var upload in look.Uploads)
            if ((names.Contains(upload.Name) || look.IsOfGroup(upload) || look.IsNotTakenIn(upload))
                && (await _uploads.IdsAsync(upload, look.IsKnown, cancellationToken)).Any(scans.Contains))
                found.Add(upload);
        return found;
    }

    /// <summary>Image files as the training data name them; an upload that was about to join lies there without a document.</summary>
    private async Task<IEnumerable<string>> ImagesAsync(Look look, TrainingSlice[] slices, HashSet<ScanId> scans, CancellationToken cancellationToken)
    {
        var images = slices.Select(slice => slice.ImageSha256).ToHashSet(StringComparer.Ordinal);
        foreach (var scan in scans.Where(look.IsPreprocessed))
            if (await _scans.FindManifestAsync(scan, cancellationToken) is { } manifest && ContentHash.IsPlausible(manifest.InputSha256))
                images.Add(manifest.InputSha256);
        return images;
    }

    private static ErasureFindings Union(
        ErasureFindings found, HashSet<ScanId> scans, IReadOnlyList<PictureIdentity> pictures, IEnumerable<string> images, TrainingSlice[] slices, SetTraces sets) => new(
        [.. found.Scans.Concat(scans).Distinct().OrderBy(scan => scan.ToString(), StringComparer.Ordinal)],
        [.. found.Pictures.Concat(pictures).DistinctBy(picture => picture.Sha256).OrderBy(picture => picture.Sha256, StringComparer.Ordinal)],
        Sorted(found.Images, images, sets.Images),
        Sorted(found.Masks, slices.SelectMany(slice => (string[])[slice.MaskSha256, .. slice.EarlierMasks ?? []]), sets.Masks),
        Sorted(found.DataSets, sets.DataSets, []), Sorted(found.EvaluationSets, sets.EvaluationSets, []));

    private static string[] Sorted(IEnumerable<string> one, IEnumerable<string> other, IEnumerable<string> third) =>
        [.. one.Concat(other).Concat(third).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>What one look works on.</summary>
    /// <param name="Uploads">Up to the order.</param>
    /// <param name="NewUploads">After it.</param>
    private sealed record Look(
        ErasureOrder Order, GroupHash? Hash, List<TrainingSlice> Slices, Dictionary<ScanId, KnownScan> Scans, IReadOnlyList<StoredUpload> Uploads,
        IReadOnlyList<StoredUpload> NewUploads, IReadOnlyList<StoredSet> Sets, List<string> Unreadable)
    {
        private readonly Dictionary<string, bool> _groups = new(StringComparer.Ordinal);
        private readonly HashSet<ScanId> _documents = [.. Slices.Select(slice => slice.Id)];
        private readonly Dictionary<ScanId, string> _names = NamesOf(Slices, Scans);
        private readonly Dictionary<string, DateTime> _takenIn = Scans.Values.Where(scan => scan is { BlobName: not null, LastChange: not null })
            .GroupBy(scan => scan.BlobName!, StringComparer.Ordinal).ToDictionary(scans => scans.Key, scans => scans.Max(scan => scan.LastChange!.Value), StringComparer.Ordinal);

        public bool IsGroup(string group)
        {
            if (Hash is null)
                return false;
            if (!_groups.TryGetValue(group, out var isGroup))
                _groups[group] = isGroup = Hash.Of(group) == Order.Group;
            return isGroup;
        }

        /// <summary>Slices whose document is gone or cannot be read, and which a data set puts into the group: their own, not one that they were joined with.</summary>
        public IEnumerable<DataSetSlice> ListedOfGroup() => Sets.Where(set => set.Data?.CreatedAt <= Order.Time).SelectMany(set => set.Data!.Slices)
            .Where(slice => !_documents.Contains(slice.Id) && PictureFingerprint.IsPlausible(slice.Picture.Fingerprint) && IsGroup(slice.OwnGroup ?? slice.Group));

        public bool IsKnown(ScanId scan) => Scans.ContainsKey(scan);

        public bool IsPreprocessed(ScanId scan) => Scans.TryGetValue(scan, out var known) && known.IsPreprocessed;

        public string? NameOf(ScanId scan) => _names.GetValueOrDefault(scan);

        public HashSet<string> NamesOf(IEnumerable<ScanId> scans) => scans.Select(NameOf).OfType<string>().ToHashSet(StringComparer.Ordinal);

        /// <summary>Whether it is of the group itself, whatever it shows.</summary>
        public bool IsOfGroup(StoredUpload upload) => upload.Group is not null && IsGroup(upload.Group);

        /// <summary>Whether it may be of a scan that no document tells of yet.</summary>
        public bool IsNotTakenIn(StoredUpload upload) => !_takenIn.TryGetValue(upload.Name, out var time) || upload.Time > time;

        private static Dictionary<ScanId, string> NamesOf(List<TrainingSlice> slices, Dictionary<ScanId, KnownScan> scans)
        {
            var names = slices.Where(slice => slice.Origin.BlobName is not null).ToDictionary(slice => slice.Id, slice => slice.Origin.BlobName!);
            foreach (var (scan, known) in scans)
                if (known.BlobName is { } name)
                    names[scan] = name;
            return names;
        }
    }
}
