using Azure;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Scans;

namespace CtSeg.Erasure;

/// <summary>Removes slices from the training data. Content that another slice uses too stays.</summary>
internal sealed class TrainingDataRemoval(BlobServiceClient storage)
{
    private readonly BlobContainerClient _data = storage.GetBlobContainerClient(Containers.TrainingData);
    // It only reads, and needs no clock for that.
    private readonly DataSetStore _store = new(storage, TimeProvider.System);

    /// <summary>The document of a slice and what became of its correction.</summary>
    /// <returns>How many blobs went.</returns>
    public async Task<int> RemoveSliceAsync(ScanId slice, CancellationToken cancellationToken) =>
        await BlobRemoval.RemoveAsync(_data, BlobPaths.TrainingSlice(slice), cancellationToken)
        + await BlobRemoval.RemoveAsync(_data, BlobPaths.CorrectionOutcome(slice), cancellationToken);

    /// <summary>Images and masks that no document names any more.</summary>
    /// <returns>How many blobs went.</returns>
    public async Task<int> RemoveContentAsync(IEnumerable<string> images, IEnumerable<string> masks, CancellationToken cancellationToken)
    {
        string[] names = [.. images.Select(BlobPaths.TrainingImage), .. masks.Select(BlobPaths.TrainingMask)];
        var used = await UsedAsync(cancellationToken);
        var (removed, kept) = (0, new List<(string Name, BinaryData Content)>());
        foreach (var name in names.Distinct(StringComparer.Ordinal).Where(name => !used.Contains(name)))
        {
            if (await FindAsync(name, cancellationToken) is { } content)
                kept.Add((name, content));
            removed += await BlobRemoval.RemoveAsync(_data, name, cancellationToken);
        }
        return removed - await PutBackAsync(kept, cancellationToken);
    }

    /// <summary>
    /// A slice may have joined since, with a mask that it found stored: many masks are alike. One that joins later still looks itself
    /// (<see cref="DataSetStore.AddAsync"/>).
    /// </summary>
    private async Task<int> PutBackAsync(List<(string Name, BinaryData Content)> removed, CancellationToken cancellationToken)
    {
        if (removed.Count == 0)
            return 0;
        var (used, count) = (await UsedAsync(cancellationToken), 0);
        foreach (var (name, content) in removed.Where(blob => used.Contains(blob.Name)))
        {
            await _data.GetBlobClient(name).UploadAsync(content, overwrite: true, cancellationToken);
            count++;
        }
        return count;
    }

    private async Task<HashSet<string>> UsedAsync(CancellationToken cancellationToken)
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var slice in _store.ListAsync(cancellationToken))
            Add(slice.ImageSha256, [slice.MaskSha256, .. slice.EarlierMasks ?? []]);
        foreach (var set in await StoredSets.ReadAsync(_data, cancellationToken))
            foreach (var slice in set.Data?.Slices ?? [])
                Add(slice.ImageSha256, [slice.MaskSha256]);
        return used;

        void Add(string image, IEnumerable<string> masks)
        {
            used.Add(BlobPaths.TrainingImage(image));
            used.UnionWith(masks.Select(BlobPaths.TrainingMask));
        }
    }

    private async Task<BinaryData?> FindAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return (await _data.GetBlobClient(name).DownloadContentAsync(cancellationToken)).Value.Content;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
        {
            return null;
        }
    }
}
