using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Erasure;
using CtSeg.Imaging;
using CtSeg.Preprocessing;
using CtSeg.Segmentation;

namespace CtSeg.DataSets;

/// <summary>
/// The training data. Images and masks lie under the hash of their content and are written before the document that names them; documents are
/// replaced by conditional writes; data sets and evaluation sets never change.
/// </summary>
public sealed class DataSetStore(BlobServiceClient storage, TimeProvider time)
{
    private const int MaxConflicts = 10;
    private const int ReadsAtOnce = 16;
    private readonly ErasedScans _erased = new(storage);
    private readonly TrainingBlobs _blobs = new(storage.GetBlobContainerClient(Containers.TrainingData));

    /// <value>Told of every document that a listing leaves out.</value>
    public Action<DamagedDocument>? Damaged { get; init; }

    /// <summary>Adds a slice, or replaces the document of one that has another mask, group or name now. The same again changes nothing.</summary>
    /// <exception cref="SliceRejectedException">The image cannot be used, or the mask does not fit it.</exception>
    /// <exception cref="InvalidOperationException">Other writers of the same slice came first every time.</exception>
    public async Task<StoredSlice> AddAsync(NewSlice slice, CancellationToken cancellationToken) =>
        (await AddWhileAsync(slice, _ => Task.FromResult(true), cancellationToken))!;

    /// <summary>The same as long as the mask is the newest that there is.</summary>
    /// <param name="isNewest">
    /// Asked after the document that is to be replaced was read, and before it is replaced: so an older mask never replaces a newer one.
    /// </param>
    /// <returns>Null when it is not.</returns>
    /// <exception cref="SliceRejectedException">The image cannot be used, or the mask does not fit it.</exception>
    /// <exception cref="InvalidOperationException">Other writers of the same slice came first every time.</exception>
    public async Task<StoredSlice?> AddWhileAsync(NewSlice slice, Func<CancellationToken, Task<bool>> isNewest, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(slice);
        ArgumentNullException.ThrowIfNull(isNewest);
        var (document, mask) = Describe(slice);
        await StoreContentAsync();
        var stored = await StoreAsync(document, slice.Mask, isNewest, cancellationToken);
        if (stored is null)
            await new TrainingDataRemoval(storage).RemoveContentAsync([document.ImageSha256], [document.MaskSha256], cancellationToken);
        // An erasure of another slice with the same mask may have removed it before the document named it.
        if (stored is { Changed: true } && !await _blobs.ExistAsync(
                [BlobPaths.TrainingImage(document.ImageSha256), BlobPaths.TrainingMask(document.MaskSha256)], cancellationToken))
            await StoreContentAsync();
        return stored;

        async Task StoreContentAsync()
        {
            await _blobs.EnsureAsync(BlobPaths.TrainingImage(document.ImageSha256), slice.Image, "application/octet-stream", cancellationToken);
            await _blobs.EnsureAsync(BlobPaths.TrainingMask(document.MaskSha256), mask, "image/png", cancellationToken);
        }
    }

    /// <summary>What <see cref="AddAsync"/> would do, without doing it.</summary>
    /// <exception cref="SliceRejectedException">The image cannot be used, or the mask does not fit it.</exception>
    public async Task<StoredSlice> TryAsync(NewSlice slice, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(slice);
        var (document, _) = Describe(slice);
        var known = await ReadAsync(document.Id, cancellationToken);
        if (known is null)
            return new StoredSlice(document, SliceChange.Added);
        return known.Slice is { } there && await IsSameAsync(there, document, slice.Mask, cancellationToken)
            ? new StoredSlice(there, SliceChange.Unchanged)
            : new StoredSlice(document, SliceChange.Replaced);
    }

    /// <returns>Null where there is no such slice.</returns>
    /// <exception cref="DamagedDataException">Its document cannot be read.</exception>
    public async Task<TrainingSlice?> FindAsync(ScanId id, CancellationToken cancellationToken)
    {
        var read = await ReadAsync(id, cancellationToken);
        return read is null ? null : read.Slice ?? throw new DamagedDataException($"{TrainingBlobs.PathOf(BlobPaths.TrainingSlice(id))} cannot be read: {read.Problem}");
    }

    /// <summary>All slices in the order of their ids. Documents that cannot be read are left out and told by <see cref="Damaged"/>.</summary>
    public async IAsyncEnumerable<TrainingSlice> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var ids in IdsAsync(cancellationToken))
        {
            foreach (var some in ids.Chunk(ReadsAtOnce))
            {
                var read = await Task.WhenAll(some.Select(id => ReadAsync(id, cancellationToken)));
                foreach (var (id, document) in some.Zip(read))
                {
                    if (document?.Slice is { } slice)
                        yield return slice;
                    else if (document is not null)
                        Damaged?.Invoke(new DamagedDocument(TrainingBlobs.PathOf(BlobPaths.TrainingSlice(id)), document.Problem));
                }
            }
        }
    }

    /// <summary>
    /// All slices as they are now, as a data set. Groups that show the same picture became one. A new version is stored; where the data are as they
    /// were at an earlier one, that is given.
    /// </summary>
    /// <exception cref="DamagedDataException">The rule of the locked set cannot be read.</exception>
    /// <exception cref="InvalidOperationException">Slices were erased under every attempt.</exception>
    public async Task<DataSet> SnapshotAsync(CancellationToken cancellationToken)
    {
        for (var conflict = 0; conflict < MaxConflicts; conflict++)
        {
            var data = await StoreSnapshotAsync(cancellationToken);
            if (await IsLastingAsync(BlobPaths.DataSet(data.Version), data.Slices.Select(slice => slice.Id), cancellationToken))
                return data;
        }
        throw new InvalidOperationException($"Slices were erased under {MaxConflicts} attempts to list them.");
    }

    /// <returns>False where a slice that a new list names was erased meanwhile; the list is removed.</returns>
    private async Task<bool> IsLastingAsync(string list, IEnumerable<ScanId> slices, CancellationToken cancellationToken)
    {
        if (!await _erased.AnyErasedAsync(slices, cancellationToken))
            return true;
        await BlobRemoval.RemoveAsync(storage.GetBlobContainerClient(Containers.TrainingData), list, cancellationToken);
        return false;
    }

    private async Task<DataSet> StoreSnapshotAsync(CancellationToken cancellationToken)
    {
        var rule = await RuleAsync(cancellationToken);
        var slices = new List<TrainingSlice>();
        await foreach (var slice in ListAsync(cancellationToken))
            slices.Add(slice);
        slices.Sort((one, other) => string.CompareOrdinal(one.Id.ToString(), other.Id.ToString()));
        var groups = JoinedGroups.Of(slices, rule);
        DataSetSlice[] entries = [.. slices.Zip(groups, (slice, group) => new DataSetSlice(slice.Id, group, slice.ImageSha256, slice.Picture, slice.MaskSha256))];
        var made = new DataSet(DataSetVersions.Of(entries), time.GetUtcNow().UtcDateTime, entries);
        return await _blobs.EnsureAsync(BlobPaths.DataSet(made.Version), made, ContractsJson.Default.DataSet, stored => IsWhole(stored, made.Version), cancellationToken);
    }

    /// <returns>Null where there is no such version.</returns>
    /// <exception cref="DamagedDataException">It is not what its version says.</exception>
    public async Task<DataSet?> FindDataSetAsync(string version, CancellationToken cancellationToken)
    {
        if (!DataSetVersions.IsPlausible(version))
            return null;
        var path = BlobPaths.DataSet(version);
        var stored = await _blobs.FindAsync(path, ContractsJson.Default.DataSet, cancellationToken);
        if (stored is not null && !IsWhole(stored, version))
            throw new DamagedDataException($"{TrainingBlobs.PathOf(path)} is not the data set that its name says.");
        return stored;
    }

    /// <summary>The locked part of a data set; what is locked stays the same while the locked slices do, whatever else joins.</summary>
    /// <exception cref="DamagedDataException">The rule cannot be read, or slices of the data set were erased.</exception>
    public async Task<EvaluationSet> LockAsync(DataSet data, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(data);
        var rule = await RuleAsync(cancellationToken);
        var locked = data.Slices.Where(slice => LockedGroups.IsLocked(slice.Group, rule)).ToArray();
        var made = new EvaluationSet(DataSetVersions.Of(rule, locked), data.Version, rule, time.GetUtcNow().UtcDateTime, [.. locked.Select(slice => slice.Id)]);
        var stored = await _blobs.EnsureAsync(
            BlobPaths.EvaluationSet(made.Version), made, ContractsJson.Default.EvaluationSet,
            stored => stored.Version == made.Version && stored.Rule == rule && stored.Slices.SequenceEqual(made.Slices), cancellationToken);
        return await IsLastingAsync(BlobPaths.EvaluationSet(made.Version), made.Slices, cancellationToken)
            ? stored with { DataSet = data.Version }
            : throw new DamagedDataException($"Slices of the data set {data.Version} were erased: take a new one.");
    }

    /// <returns>Null where there is no such version.</returns>
    /// <exception cref="DamagedDataException">It cannot be read.</exception>
    public async Task<EvaluationSet?> FindEvaluationSetAsync(string version, CancellationToken cancellationToken) => DataSetVersions.IsPlausible(version)
        ? await _blobs.FindAsync(BlobPaths.EvaluationSet(version), ContractsJson.Default.EvaluationSet, cancellationToken)
        : null;

    /// <summary>The rule of the locked set; <see cref="EvaluationRule.Default"/> is written where there is none yet.</summary>
    /// <exception cref="DamagedDataException">It cannot be read. It is not made anew: groups would change sides.</exception>
    public async Task<EvaluationRule> RuleAsync(CancellationToken cancellationToken)
    {
        var rule = await _blobs.FindOrCreateAsync(BlobPaths.EvaluationRule, () => EvaluationRule.Default, ContractsJson.Default.EvaluationRule, cancellationToken);
        return rule.IsPlausible ? rule : throw new DamagedDataException($"{TrainingBlobs.PathOf(BlobPaths.EvaluationRule)} has a share of {rule.Share}, which is not 0.05 to 0.5.");
    }

    /// <summary>Names groups outside the training data; the salt is written where there is none yet.</summary>
    /// <exception cref="DamagedDataException">The salt cannot be read.</exception>
    public async Task<GroupHash> GroupHashAsync(CancellationToken cancellationToken)
    {
        var salt = await _blobs.FindOrCreateAsync(
            BlobPaths.GroupSalt, () => new GroupSalt(RandomNumberGenerator.GetHexString(64, lowercase: true)), ContractsJson.Default.GroupSalt, cancellationToken);
        return ContentHash.IsPlausible(salt.Salt) ? new GroupHash(salt) : throw new DamagedDataException($"{TrainingBlobs.PathOf(BlobPaths.GroupSalt)} holds no salt.");
    }

    /// <returns>The image file as it came.</returns>
    /// <exception cref="DamagedDataException">It is missing or has another hash.</exception>
    public Task<BinaryData> ReadImageAsync(string sha256, CancellationToken cancellationToken) =>
        _blobs.ReadAsync(BlobPaths.TrainingImage, sha256, cancellationToken);

    /// <returns>Palette PNG, values 0 to 3.</returns>
    /// <exception cref="DamagedDataException">It is missing or has another hash.</exception>
    public Task<BinaryData> ReadMaskAsync(string sha256, CancellationToken cancellationToken) =>
        _blobs.ReadAsync(BlobPaths.TrainingMask, sha256, cancellationToken);

    private static (TrainingSlice Document, BinaryData Mask) Describe(NewSlice slice)
    {
        var preprocessed = SlicePreprocessor.Process(slice.Image.ToMemory());
        MaskShape.RequireSame(preprocessed.Original, slice.Mask);
        var mask = new BinaryData(MaskPng.Write(slice.Mask));
        var document = new TrainingSlice(
            slice.Id, slice.Name, slice.Group, ContentHash.Of(slice.Image.ToMemory().Span), PictureIdentity.Of(preprocessed.Image),
            ContentHash.Of(mask.ToMemory().Span), slice.Mask.Width, slice.Mask.Height, ClassPixels(slice.Mask), slice.Origin);
        return (document, mask);
    }

    private static long[] ClassPixels(LesionMask mask)
    {
        var pixels = new long[LesionMask.ClassCount];
        foreach (var label in mask.Labels)
            pixels[label]++;
        return pixels;
    }

    private async Task<StoredSlice?> StoreAsync(
        TrainingSlice made, LesionMask mask, Func<CancellationToken, Task<bool>> isNewest, CancellationToken cancellationToken)
    {
        var path = BlobPaths.TrainingSlice(made.Id);
        (BinaryData Json, StoredSlice Stored)? tried = null;
        for (var conflict = 0; conflict < MaxConflicts; conflict++)
        {
            var known = await _blobs.FindAsync(path, cancellationToken);
            // This is our own write, whose answer was lost.
            if (tried is { } own && known?.Content.ToMemory().Span.SequenceEqual(own.Json.ToMemory().Span) == true)
                return own.Stored;
            var there = known is { Content: var content } ? DocumentReader.Read(content, made.Id).Slice : null;
            if (!await isNewest(cancellationToken))
                return null;
            if (there is not null && await IsSameAsync(there, made, mask, cancellationToken))
                return new StoredSlice(there, SliceChange.Unchanged);
            var document = made with { EarlierMasks = EarlierMasks(there, made) };
            var json = new BinaryData(JsonSerializer.SerializeToUtf8Bytes(document, ContractsJson.Default.TrainingSlice));
            tried = (json, new StoredSlice(document, known is null ? SliceChange.Added : SliceChange.Replaced));
            if (await _blobs.TryWriteAsync(path, json, known?.ETag, cancellationToken))
                return tried.Value.Stored;
        }
        throw new InvalidOperationException($"The training slice {made.Id} changed under {MaxConflicts} attempts to write it.");
    }

    private static string[]? EarlierMasks(TrainingSlice? replaced, TrainingSlice made)
    {
        if (replaced is null)
            return null;
        string[] earlier = [.. (replaced.EarlierMasks ?? []).Append(replaced.MaskSha256).Distinct(StringComparer.Ordinal).Where(hash => hash != made.MaskSha256)];
        return earlier.Length > 0 ? earlier : null;
    }

    // The same mask may be other bytes where another version of the compressor wrote it.
    private async Task<bool> IsSameAsync(TrainingSlice stored, TrainingSlice made, LesionMask mask, CancellationToken cancellationToken)
    {
        if (stored.Name != made.Name || stored.Group != made.Group || stored.ImageSha256 != made.ImageSha256 || stored.Picture != made.Picture)
            return false;
        if (stored.MaskSha256 == made.MaskSha256)
            return true;
        if (!stored.ClassPixels.SequenceEqual(made.ClassPixels))
            return false;
        try
        {
            var other = MaskPng.Read((await ReadMaskAsync(stored.MaskSha256, cancellationToken)).ToMemory());
            return other.Width == mask.Width && other.Height == mask.Height && other.Labels.AsSpan().SequenceEqual(mask.Labels);
        }
        catch (Exception e) when (e is DamagedDataException or SliceRejectedException)
        {
            return false;
        }
    }

    private async Task<ReadDocument?> ReadAsync(ScanId id, CancellationToken cancellationToken) =>
        await _blobs.FindAsync(BlobPaths.TrainingSlice(id), cancellationToken) is { } found ? DocumentReader.Read(found.Content, id) : null;

    private async IAsyncEnumerable<IReadOnlyList<ScanId>> IdsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var names in _blobs.NamesAsync(BlobPaths.TrainingSlices, cancellationToken))
        {
            var ids = new List<ScanId>();
            foreach (var name in names)
            {
                if (ScanId.TryParse(Path.GetFileNameWithoutExtension(name), out var id) && BlobPaths.TrainingSlice(id) == name)
                    ids.Add(id);
                else
                    Damaged?.Invoke(new DamagedDocument(TrainingBlobs.PathOf(BlobPaths.TrainingSlices), "A blob there is not named by the id of a slice."));
            }
            yield return ids;
        }
    }

    private static bool IsWhole(DataSet stored, string version) => stored.Version == version && DataSetVersions.Of(stored.Slices) == version;
}
