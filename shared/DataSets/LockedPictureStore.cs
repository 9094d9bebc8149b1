using System.Text.Json;
using Azure;
using CtSeg.Contracts;

namespace CtSeg.DataSets;

/// <summary>The one document of locked pictures: replaced by conditional writes.</summary>
internal sealed class LockedPictureStore(TrainingBlobs blobs)
{
    private const int MaxConflicts = 10;

    /// <exception cref="DamagedDataException">It cannot be read. It is not made anew: slices would change sides.</exception>
    public async Task<LockedPictures> FindAsync(CancellationToken cancellationToken) => (await ReadAsync(cancellationToken)).Pictures;

    /// <summary>A picture without structure (all black) is left out: it is that of many slices.</summary>
    /// <exception cref="DamagedDataException">The document cannot be read.</exception>
    /// <exception cref="InvalidOperationException">Other writers came first every time.</exception>
    public Task AddAsync(IEnumerable<PictureIdentity> pictures, CancellationToken cancellationToken)
    {
        PictureIdentity[] added = [.. pictures.Where(picture => PictureFingerprint.HasStructure(picture.Fingerprint))];
        return ChangeAsync(known => known.Concat(added).DistinctBy(picture => picture.Sha256, StringComparer.Ordinal), cancellationToken);
    }

    /// <returns>Whether there was such a picture.</returns>
    /// <exception cref="DamagedDataException">The document cannot be read.</exception>
    /// <exception cref="InvalidOperationException">Other writers came first every time.</exception>
    public Task<bool> RemoveAsync(Func<PictureIdentity, bool> isMeant, CancellationToken cancellationToken) =>
        ChangeAsync(known => known.Where(picture => !isMeant(picture)), cancellationToken);

    /// <returns>Whether it was changed.</returns>
    private async Task<bool> ChangeAsync(Func<IReadOnlyList<PictureIdentity>, IEnumerable<PictureIdentity>> change, CancellationToken cancellationToken)
    {
        for (var conflict = 0; conflict < MaxConflicts; conflict++)
        {
            // A refused write may be our own whose answer was lost: then there is nothing left to change.
            var (known, etag) = await ReadAsync(cancellationToken);
            PictureIdentity[] changed = [.. change(known.Pictures)];
            if (changed.Length == known.Pictures.Count)
                return conflict > 0;
            var made = new LockedPictures([.. changed.OrderBy(picture => picture.Sha256, StringComparer.Ordinal)]);
            var json = new BinaryData(JsonSerializer.SerializeToUtf8Bytes(made, ContractsJson.Default.LockedPictures));
            if (await blobs.TryWriteAsync(BlobPaths.LockedPictures, json, etag, cancellationToken))
                return true;
        }
        throw new InvalidOperationException($"{TrainingBlobs.PathOf(BlobPaths.LockedPictures)} changed under {MaxConflicts} attempts to write it.");
    }

    private async Task<(LockedPictures Pictures, ETag? ETag)> ReadAsync(CancellationToken cancellationToken)
    {
        if (await blobs.FindAsync(BlobPaths.LockedPictures, cancellationToken) is not { } found)
            return (LockedPictures.None, null);
        return TrainingBlobs.TryParse(found.Content, ContractsJson.Default.LockedPictures) is { IsPlausible: true } pictures
            ? (pictures, found.ETag)
            : throw new DamagedDataException(
                $"{TrainingBlobs.PathOf(BlobPaths.LockedPictures)} cannot be read: restore it from a backup, or remove it where no slice was ever regrouped or erased.");
    }
}
