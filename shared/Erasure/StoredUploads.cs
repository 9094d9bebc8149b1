using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Corrections;
using CtSeg.DataSets;
using CtSeg.Imaging;
using CtSeg.Preprocessing;
using CtSeg.Scans;

namespace CtSeg.Erasure;

/// <summary>An upload as it is now, or an earlier version or snapshot of it.</summary>
/// <param name="Group">Null where it is a group of its own.</param>
internal sealed record StoredUpload(BlobItem Item, string? Group)
{
    public string Name => Item.Name;

    /// <value>By the clock of storage, UTC.</value>
    public DateTime Time => (Item.Properties.LastModified ?? default).UtcDateTime;

    public bool IsCurrent => string.IsNullOrEmpty(Item.Snapshot) && (string.IsNullOrEmpty(Item.VersionId) || Item.IsLatestVersion == true);
}

/// <summary>The uploads of an account, read only where it must be.</summary>
internal sealed class StoredUploads(BlobContainerClient slices)
{
    private const long MaxDecodedBytes = 512L * 1024 * 1024;
    private readonly Dictionary<string, (ScanId Content, ScanId Tag)> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PictureIdentity> _pictures = new(StringComparer.Ordinal);

    /// <summary>All, with their versions and snapshots.</summary>
    public async Task<IReadOnlyList<StoredUpload>> ListAsync(CancellationToken cancellationToken)
    {
        var uploads = new List<StoredUpload>();
        await foreach (var item in BlobRemoval.ListAsync(slices, prefix: null, BlobTraits.Metadata, cancellationToken))
            uploads.Add(new StoredUpload(item, UploadGroup.Of(item.Name, item.Metadata)));
        return uploads;
    }

    /// <param name="isKnown">Whether there is such a scan: the id by ETag is that of an upload above the size cap, and else nobody's.</param>
    /// <returns>Of which scans it is the upload; none where it is gone.</returns>
    public async Task<IReadOnlyList<ScanId>> IdsAsync(StoredUpload upload, Func<ScanId, bool> isKnown, CancellationToken cancellationToken)
    {
        var key = KeyOf(upload);
        if (!_ids.TryGetValue(key, out var ids))
        {
            try
            {
                using var download = (await BlobRemoval.ClientOf(slices, upload.Item).DownloadStreamingAsync(cancellationToken: cancellationToken)).Value;
                ids = (await ScanId.FromContentAsync(upload.Name, download.Content, cancellationToken), ScanId.FromETag(upload.Name, download.Details.ETag.ToString()));
            }
            catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
            {
                return [];
            }
            _ids[key] = ids;
        }
        return isKnown(ids.Tag) ? [ids.Content, ids.Tag] : [ids.Content];
    }

    /// <returns>Null where it is gone, or no picture.</returns>
    public async Task<PictureIdentity?> PictureAsync(StoredUpload upload, CancellationToken cancellationToken)
    {
        if (upload.Item.Properties.ContentLength > MaxDecodedBytes)
            return null;
        if (_pictures.TryGetValue(KeyOf(upload), out var known))
            return known;
        try
        {
            var content = (await BlobRemoval.ClientOf(slices, upload.Item).DownloadContentAsync(cancellationToken)).Value.Content;
            return _pictures[KeyOf(upload)] = PictureIdentity.Of(SlicePreprocessor.Process(content.ToMemory()).Image);
        }
        catch (Exception e) when (e is SliceRejectedException || (e is RequestFailedException fault && BlobAnswers.IsNotThere(fault)))
        {
            return null;
        }
    }

    private static string KeyOf(StoredUpload upload) => $"{upload.Name}\n{upload.Item.VersionId}\n{upload.Item.Snapshot}\n{upload.Item.Properties.ETag}";
}
