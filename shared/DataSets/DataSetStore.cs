using System.Security.Cryptography;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Erasure;
using CtSeg.Imaging;

namespace CtSeg.DataSets;

/// <summary>
/// The training data. Images and masks lie under the hash of their content and are written before the document that names them; documents are
/// replaced by conditional writes; data sets and evaluation sets never change.
/// </summary>
public sealed class DataSetStore
{
    private const int MaxConflicts = 10;
    private const string AnyFile = "application/octet-stream";
    private const string Png = "image/png";
    private readonly TimeProvider _time;
    private readonly BlobServiceClient _storage;
    private readonly ErasedScans _erased;
    private readonly TrainingBlobs _blobs;
    private readonly SliceDocuments _documents;
    private readonly LockedPictureStore _locked;

    public DataSetStore(BlobServiceClient storage, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(storage);
        (_storage, _time, _erased) = (storage, time, new ErasedScans(storage));
        _blobs = new TrainingBlobs(storage.GetBlobContainerClient(Containers.TrainingData));
        _locked = new LockedPictureStore(_blobs);
        _documents = new SliceDocuments(_blobs, document => Damaged?.Invoke(document));
    }

    /// <value>Told of every document that a listing leaves out.</value>
    public Action<DamagedDocument>? Damaged { get; init; }

    /// <summary>
    /// Adds a slice, or replaces the document of one that has another mask, group or name now. The same again changes nothing, except that an image
    /// or mask that was damaged in storage is whole again.
    /// </summary>
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
        var (document, mask) = SliceDocuments.Describe(slice);
        var (imagePath, maskPath) = (BlobPaths.TrainingImage(document.ImageSha256), BlobPaths.TrainingMask(document.MaskSha256));
        await _blobs.EnsureAsync(imagePath, slice.Image, AnyFile, cancellationToken);
        await _blobs.EnsureAsync(maskPath, mask, Png, cancellationToken);
        if (await _documents.StoreAsync(document, slice.Mask, isNewest, cancellationToken) is not { } stored)
        {
            await new TrainingDataRemoval(_storage).RemoveContentAsync([document.ImageSha256], [document.MaskSha256], cancellationToken);
            return null;
        }
        // An erasure of another slice with the same file may have removed it before the document named it.
        await _blobs.KeepAsync(imagePath, slice.Image, AnyFile, cancellationToken);
        await _blobs.KeepAsync(maskPath, mask, Png, cancellationToken);
        return stored;
    }

    /// <summary>What <see cref="AddAsync"/> would do, without doing it.</summary>
    /// <exception cref="SliceRejectedException">The image cannot be used, or the mask does not fit it.</exception>
    public Task<StoredSlice> TryAsync(NewSlice slice, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(slice);
        return _documents.CompareAsync(SliceDocuments.Describe(slice).Document, slice.Mask, cancellationToken);
    }

    /// <returns>Null where there is no such slice.</returns>
    /// <exception cref="DamagedDataException">Its document cannot be read.</exception>
    public async Task<TrainingSlice?> FindAsync(ScanId id, CancellationToken cancellationToken)
    {
        var read = await _documents.ReadAsync(id, cancellationToken);
        return read is null ? null : read.Slice ?? throw new DamagedDataException($"{TrainingBlobs.PathOf(BlobPaths.TrainingSlice(id))} cannot be read: {read.Problem}");
    }

    /// <summary>All slices in the order of their ids. Documents that cannot be read are left out and told by <see cref="Damaged"/>.</summary>
    public IAsyncEnumerable<TrainingSlice> ListAsync(CancellationToken cancellationToken) => _documents.ListAsync(cancellationToken);

    /// <summary>The data as they are now; nothing is written.</summary>
    /// <exception cref="DamagedDataException">The rule of the locked set cannot be read.</exception>
    public async Task<CurrentData> ReadAsync(CancellationToken cancellationToken)
    {
        var rule = Plausible(await _blobs.FindAsync(BlobPaths.EvaluationRule, ContractsJson.Default.EvaluationRule, cancellationToken) ?? EvaluationRule.Default);
        return await ReadAsync(rule, cancellationToken);
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
            var made = (await ReadAsync(await RuleAsync(cancellationToken), cancellationToken)).Data;
            var path = BlobPaths.DataSet(made.Version);
            var stored = await _blobs.EnsureAsync(path, made, ContractsJson.Default.DataSet, stored => IsWhole(stored, made.Version), cancellationToken);
            if (!await RemoveIfErasedAsync(path, stored.Slices.Select(slice => slice.Id), cancellationToken))
                return stored;
        }
        throw new InvalidOperationException($"Slices were erased under {MaxConflicts} attempts to list them.");
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

    /// <summary>
    /// The locked part of a data set. Its version stays the same while the locked slices do, whatever else joins the data. What was locked once stays
    /// locked, by its picture (<see cref="LockedPictures"/>).
    /// </summary>
    /// <exception cref="DamagedDataException">Rule or locked pictures cannot be read, or slices of the data set were erased.</exception>
    public async Task<EvaluationSet> LockAsync(DataSet data, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(data);
        var rule = await RuleAsync(cancellationToken);
        var ids = LockedSlices.Of(data.Slices, rule, await _locked.FindAsync(cancellationToken));
        var locked = data.Slices.Where(slice => ids.Contains(slice.Id)).ToArray();
        // Before anybody can use the set: no later call may deal one of these to training.
        await _locked.AddAsync(locked.Select(slice => slice.Picture), cancellationToken);
        var made = new EvaluationSet(DataSetVersions.Of(rule, locked), data.Version, rule, _time.GetUtcNow().UtcDateTime, [.. locked.Select(slice => slice.Id)]);
        var stored = await _blobs.EnsureAsync(
            BlobPaths.EvaluationSet(made.Version), made, ContractsJson.Default.EvaluationSet,
            stored => stored.Version == made.Version && stored.Rule == rule && stored.Slices.SequenceEqual(made.Slices), cancellationToken);
        var erased = await _erased.FindErasedAsync(made.Slices, cancellationToken);
        if (erased.Count == 0)
            return stored with { DataSet = data.Version };
        await RemoveAsync(BlobPaths.EvaluationSet(made.Version), cancellationToken);
        var gone = new ErasedPictures(locked.Where(slice => erased.Contains(slice.Id)).Select(slice => slice.Picture));
        await _locked.RemoveAsync(gone.Knows, cancellationToken);
        throw new DamagedDataException($"Slices of the data set {data.Version} were erased: take a new one.");
    }

    /// <returns>Null where there is no such version.</returns>
    /// <exception cref="DamagedDataException">It cannot be read.</exception>
    public async Task<EvaluationSet?> FindEvaluationSetAsync(string version, CancellationToken cancellationToken)
    {
        if (!DataSetVersions.IsPlausible(version))
            return null;
        var path = BlobPaths.EvaluationSet(version);
        var stored = await _blobs.FindAsync(path, ContractsJson.Default.EvaluationSet, cancellationToken);
        return stored is null || stored.Version == version ? stored : throw new DamagedDataException($"{TrainingBlobs.PathOf(path)} is not the set that its name says.");
    }

    /// <summary>The rule of the locked set; <see cref="EvaluationRule.Default"/> is written where there is none yet.</summary>
    /// <exception cref="DamagedDataException">It cannot be read. It is not made anew: groups would change sides.</exception>
    public async Task<EvaluationRule> RuleAsync(CancellationToken cancellationToken) => Plausible(
        await _blobs.FindOrCreateAsync(BlobPaths.EvaluationRule, () => EvaluationRule.Default, ContractsJson.Default.EvaluationRule, cancellationToken));

    /// <summary>Names groups outside the training data; the salt is written where there is none yet.</summary>
    /// <exception cref="DamagedDataException">The salt cannot be read.</exception>
    public async Task<GroupHash> GroupHashAsync(CancellationToken cancellationToken)
    {
        var salt = await _blobs.FindOrCreateAsync(
            BlobPaths.GroupSalt, () => new GroupSalt(RandomNumberGenerator.GetHexString(64, lowercase: true)), ContractsJson.Default.GroupSalt, cancellationToken);
        return HashWith(salt);
    }

    /// <returns>Null where there is no salt yet, so that nothing can name a group; nothing is written.</returns>
    /// <exception cref="DamagedDataException">The salt cannot be read.</exception>
    public async Task<GroupHash?> FindGroupHashAsync(CancellationToken cancellationToken) =>
        await _blobs.FindAsync(BlobPaths.GroupSalt, ContractsJson.Default.GroupSalt, cancellationToken) is { } salt ? HashWith(salt) : null;

    /// <returns>The image file as it came.</returns>
    /// <exception cref="DamagedDataException">It is missing or has another hash.</exception>
    public Task<BinaryData> ReadImageAsync(string sha256, CancellationToken cancellationToken) =>
        _blobs.ReadAsync(BlobPaths.TrainingImage, sha256, cancellationToken);

    /// <returns>Palette PNG, values 0 to 3.</returns>
    /// <exception cref="DamagedDataException">It is missing or has another hash.</exception>
    public Task<BinaryData> ReadMaskAsync(string sha256, CancellationToken cancellationToken) =>
        _blobs.ReadAsync(BlobPaths.TrainingMask, sha256, cancellationToken);

    private async Task<CurrentData> ReadAsync(EvaluationRule rule, CancellationToken cancellationToken)
    {
        var slices = new List<TrainingSlice>();
        await foreach (var slice in ListAsync(cancellationToken))
            slices.Add(slice);
        slices.Sort((one, other) => string.CompareOrdinal(one.Id.ToString(), other.Id.ToString()));
        DataSetSlice[] entries =
        [
            .. slices.Zip(JoinedGroups.Of(slices, rule), (slice, group) => new DataSetSlice(slice.Id, group, slice.ImageSha256, slice.Picture, slice.MaskSha256)
            {
                OwnGroup = slice.Group == group ? null : slice.Group,
            }),
        ];
        var locked = LockedSlices.Of(entries, rule, await _locked.FindAsync(cancellationToken));
        return new CurrentData(slices, new DataSet(DataSetVersions.Of(entries), _time.GetUtcNow().UtcDateTime, entries), rule)
        {
            Locked = locked,
            EvaluationSet = DataSetVersions.Of(rule, [.. entries.Where(slice => locked.Contains(slice.Id))]),
        };
    }

    /// <returns>Whether a slice that a new list names was erased meanwhile; the list is removed then.</returns>
    private async Task<bool> RemoveIfErasedAsync(string list, IEnumerable<ScanId> slices, CancellationToken cancellationToken)
    {
        if (!await _erased.AnyErasedAsync(slices, cancellationToken))
            return false;
        await RemoveAsync(list, cancellationToken);
        return true;
    }

    private Task<int> RemoveAsync(string list, CancellationToken cancellationToken) =>
        BlobRemoval.RemoveAsync(_storage.GetBlobContainerClient(Containers.TrainingData), list, cancellationToken);

    private static GroupHash HashWith(GroupSalt salt) => ContentHash.IsPlausible(salt.Salt)
        ? new GroupHash(salt)
        : throw new DamagedDataException($"{TrainingBlobs.PathOf(BlobPaths.GroupSalt)} holds no salt.");

    private static EvaluationRule Plausible(EvaluationRule rule) => rule.IsPlausible
        ? rule
        : throw new DamagedDataException($"{TrainingBlobs.PathOf(BlobPaths.EvaluationRule)} has the version {rule.SchemaVersion} and a share of {rule.Share}; version 1 and 0.05 to 0.5 are possible.");

    private static bool IsWhole(DataSet stored, string version) => stored.Version == version && DataSetVersions.Of(stored.Slices) == version;
}

/// <summary>The training data at one moment.</summary>
/// <param name="Slices">In the order of their ids.</param>
/// <param name="Data">The same slices, in the same order, as a data set.</param>
/// <param name="Rule">Which of its groups are locked.</param>
public sealed record CurrentData(IReadOnlyList<TrainingSlice> Slices, DataSet Data, EvaluationRule Rule)
{
    /// <value>The slices that no model may learn from.</value>
    public required IReadOnlySet<ScanId> Locked { get; init; }

    /// <value>The version that they have as an evaluation set, whether it is stored or not.</value>
    public required string EvaluationSet { get; init; }
}
