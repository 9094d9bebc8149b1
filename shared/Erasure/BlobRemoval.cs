using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace CtSeg.Erasure;

/// <summary>
/// Deletes blobs with all that storage keeps of them: snapshots, and where the account has versioning, every earlier version, also of blobs that were
/// deleted before. What soft delete keeps for some days is out of reach of everybody but the account's owner.
/// </summary>
internal static class BlobRemoval
{
    private const int MaxPasses = 20;

    /// <param name="name">Of one blob.</param>
    /// <returns>How many blobs, versions and snapshots went.</returns>
    public static Task<int> RemoveAsync(BlobContainerClient container, string name, CancellationToken cancellationToken) =>
        RemoveAsync(container, name, item => item.Name == name, cancellationToken);

    /// <summary>The same for all blobs in a folder.</summary>
    /// <param name="folder">With its slash at the end.</param>
    public static Task<int> RemoveFolderAsync(BlobContainerClient container, string folder, CancellationToken cancellationToken) =>
        RemoveAsync(container, folder, _ => true, cancellationToken);

    /// <summary>Snapshots and earlier versions of one blob; the blob itself stays.</summary>
    public static Task<int> RemoveEarlierAsync(BlobContainerClient container, string name, CancellationToken cancellationToken) =>
        RemoveAsync(container, name, item => item.Name == name && !IsCurrent(item), cancellationToken);

    /// <param name="prefix">Where the names begin.</param>
    /// <param name="isMeant">Of those, which go.</param>
    /// <exception cref="Azure.RequestFailedException">Storage refused; try the whole again.</exception>
    public static async Task<int> RemoveAsync(
        BlobContainerClient container, string prefix, Func<BlobItem, bool> isMeant, CancellationToken cancellationToken)
    {
        var removed = 0;
        // Deleting the current version makes an earlier one of it, so look again until there is none.
        for (var pass = 0; pass < MaxPasses; pass++)
        {
            var before = removed;
            await foreach (var item in ListAsync(container, prefix, BlobTraits.None, cancellationToken))
                if (isMeant(item) && await RemoveItemAsync(container, item, cancellationToken))
                    removed++;
            if (removed == before)
                return removed;
        }
        throw new InvalidOperationException($"In the container {container.Name} blobs that are being erased are written again and again: stop their writer.");
    }

    /// <summary>Blobs with their snapshots and versions.</summary>
    public static IAsyncEnumerable<BlobItem> ListAsync(BlobContainerClient container, string? prefix, BlobTraits traits, CancellationToken cancellationToken) =>
        container.GetBlobsAsync(
            new GetBlobsOptions { Prefix = prefix, Traits = traits, States = BlobStates.Version | BlobStates.Snapshots }, cancellationToken);

    /// <summary>The client of exactly this version, snapshot or current blob.</summary>
    public static BlobBaseClient ClientOf(BlobContainerClient container, BlobItem item)
    {
        var blob = container.GetBlobBaseClient(item.Name);
        // The current version can only be deleted as the blob itself.
        if (IsCurrent(item))
            return blob;
        return string.IsNullOrEmpty(item.Snapshot) ? blob.WithVersion(item.VersionId) : blob.WithSnapshot(item.Snapshot);
    }

    /// <returns>False when another was first.</returns>
    public static async Task<bool> RemoveItemAsync(BlobContainerClient container, BlobItem item, CancellationToken cancellationToken)
    {
        // Only the blob itself has snapshots.
        var snapshots = IsCurrent(item) ? DeleteSnapshotsOption.IncludeSnapshots : DeleteSnapshotsOption.None;
        var removed = await ClientOf(container, item).DeleteIfExistsAsync(snapshots, cancellationToken: cancellationToken);
        // What was the current version is an earlier one now.
        if (IsCurrent(item) && item.VersionId is { Length: > 0 } version)
            await container.GetBlobBaseClient(item.Name).WithVersion(version).DeleteIfExistsAsync(cancellationToken: cancellationToken);
        return removed;
    }

    /// <summary>Whether it is the blob itself, and no snapshot or earlier version.</summary>
    public static bool IsCurrent(BlobItem item) =>
        string.IsNullOrEmpty(item.Snapshot) && (string.IsNullOrEmpty(item.VersionId) || item.IsLatestVersion == true);
}
