using System.Collections.Concurrent;
using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Imaging;
using CtSeg.Preprocessing;
using CtSeg.Scans;

namespace CtSeg.Erasure;

/// <param name="BlobName">The upload; null where no document of the scan says it.</param>
/// <param name="LastChange">Of its status, UTC; null where there is none.</param>
/// <param name="IsPreprocessed">Whether a picture of it is stored.</param>
internal sealed record KnownScan(string? BlobName, DateTime? LastChange, bool IsPreprocessed);

/// <summary>The scans of an account by status or preprocessed image, and their pictures. A picture is read once: it never changes.</summary>
internal sealed class KnownScans(BlobServiceClient storage)
{
    private const int ReadsAtOnce = 8;
    private readonly StatusStore _statuses = new(storage.GetBlobContainerClient(Containers.Status));
    private readonly ScanBlobs _blobs = new(storage);
    private readonly BlobContainerClient _preprocessed = storage.GetBlobContainerClient(Containers.Preprocessed);
    private readonly ConcurrentDictionary<ScanId, PictureIdentity?> _pictures = new();

    public async Task<Dictionary<ScanId, KnownScan>> ListAsync(CancellationToken cancellationToken)
    {
        var scans = new Dictionary<ScanId, KnownScan>();
        await foreach (var listing in _statuses.ListAsync(cancellationToken))
            scans[listing.ScanId] = new KnownScan(listing.BlobName, listing.LastChange, IsPreprocessed: false);
        await foreach (var folder in _preprocessed.GetBlobsByHierarchyAsync(new GetBlobsByHierarchyOptions { Delimiter = "/" }, cancellationToken))
        {
            if (!folder.IsPrefix || !ScanId.TryParse(folder.Prefix.TrimEnd('/'), out var scan))
                continue;
            scans[scan] = scans.TryGetValue(scan, out var known)
                ? known with { IsPreprocessed = true }
                // Its status was lost, or somebody is just removing the scan.
                : new KnownScan((await FindManifestAsync(scan, cancellationToken))?.BlobName, LastChange: null, IsPreprocessed: true);
        }
        return scans;
    }

    /// <returns>Null where it cannot be read.</returns>
    public async Task<ScanManifest?> FindManifestAsync(ScanId scan, CancellationToken cancellationToken)
    {
        try
        {
            return await _blobs.FindManifestAsync(scan, cancellationToken);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The pictures of many scans; those that are gone or cannot be read are left out.</summary>
    /// <param name="unreadable">Told the paths of those that cannot be read.</param>
    public async Task<IReadOnlyDictionary<ScanId, PictureIdentity>> PicturesAsync(
        IEnumerable<ScanId> scans, Action<string> unreadable, CancellationToken cancellationToken)
    {
        var wanted = scans.ToHashSet();
        var options = new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancellationToken };
        var broken = new ConcurrentBag<ScanId>();
        await Parallel.ForEachAsync(wanted.Where(scan => !_pictures.ContainsKey(scan)), options, async (scan, stop) =>
        {
            if (await _blobs.FindPreprocessedImageAsync(scan, stop) is not { } png)
                return;
            _pictures[scan] = TryRead(png);
            if (_pictures[scan] is null)
                broken.Add(scan);
        });
        foreach (var scan in broken.Order(Comparer<ScanId>.Create((one, other) => string.CompareOrdinal(one.ToString(), other.ToString()))))
            unreadable($"{Containers.Preprocessed}/{BlobPaths.PreprocessedImage(scan)}");
        return _pictures.Where(entry => entry.Value is not null && wanted.Contains(entry.Key)).ToDictionary(entry => entry.Key, entry => entry.Value!);
    }

    private static PictureIdentity? TryRead(BinaryData png)
    {
        try
        {
            return PictureIdentity.Of(SlicePreprocessor.FromPng(png.ToMemory()));
        }
        catch (SliceRejectedException)
        {
            return null;
        }
    }
}
