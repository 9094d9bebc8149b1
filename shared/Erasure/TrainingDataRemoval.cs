using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Scans;

namespace CtSeg.Erasure;

/// <summary>Removes slices from the training data. Content that another slice uses too stays, wherever a process ends.</summary>
internal sealed class TrainingDataRemoval(BlobServiceClient storage)
{
    private readonly BlobContainerClient _data = storage.GetBlobContainerClient(Containers.TrainingData);
    private readonly ContentUse _use = new(storage);
    private readonly LockedPictureStore _locked = new(new TrainingBlobs(storage.GetBlobContainerClient(Containers.TrainingData)));

    /// <returns>The document of a slice; null where there is none that can be read.</returns>
    public async Task<TrainingSlice?> FindAsync(ScanId slice, CancellationToken cancellationToken) =>
        await BlobText.FindAsync(_data.GetBlobClient(BlobPaths.TrainingSlice(slice)), cancellationToken) is { } text
            ? DocumentReader.Read(BinaryData.FromString(text), slice).Slice
            : null;

    /// <summary>The document of a slice and what became of its correction.</summary>
    /// <returns>How many blobs went.</returns>
    public async Task<int> RemoveSliceAsync(ScanId slice, CancellationToken cancellationToken) =>
        await BlobRemoval.RemoveAsync(_data, BlobPaths.TrainingSlice(slice), cancellationToken)
        + await BlobRemoval.RemoveAsync(_data, BlobPaths.CorrectionOutcome(slice), cancellationToken);

    /// <summary>The same with the image and the masks.</summary>
    /// <param name="written">As the caller wrote it; what the document says now goes too.</param>
    /// <returns>How many blobs went.</returns>
    public async Task<int> RemoveWholeAsync(ScanId slice, TrainingSlice? written, CancellationToken cancellationToken)
    {
        TrainingSlice[] slices = [.. new[] { written, await FindAsync(slice, cancellationToken) }.OfType<TrainingSlice>()];
        return await RemoveSliceAsync(slice, cancellationToken)
            + await RemoveContentAsync(
                slices.Select(one => one.ImageSha256), slices.SelectMany(one => (string[])[one.MaskSha256, .. one.EarlierMasks ?? []]), cancellationToken);
    }

    /// <summary>The entries of pictures that were locked, with the earlier versions of their document.</summary>
    /// <returns>How many blobs were changed or went.</returns>
    public async Task<int> RemoveLockedAsync(ErasedPictures erased, CancellationToken cancellationToken) =>
        (await _locked.RemoveAsync(erased.Knows, cancellationToken) ? 1 : 0)
        + await BlobRemoval.RemoveEarlierAsync(_data, BlobPaths.LockedPictures, cancellationToken);

    /// <summary>Images and masks that no document names any more (<see cref="TrainingBlobs.RemovalMark"/>).</summary>
    /// <returns>How many blobs went.</returns>
    public Task<int> RemoveContentAsync(IEnumerable<string> images, IEnumerable<string> masks, CancellationToken cancellationToken) =>
        RemoveContentAsync([.. images.Select(BlobPaths.TrainingImage).Concat(masks.Select(BlobPaths.TrainingMask)).Distinct(StringComparer.Ordinal)], cancellationToken);

    /// <summary>All images and masks that no document names: of somebody who was killed between writing them and their document.</summary>
    /// <returns>How many blobs went.</returns>
    public async Task<int> RemoveUnnamedAsync(CancellationToken cancellationToken)
    {
        var (used, unnamed) = (await _use.ReadAsync(cancellationToken), new List<string>());
        foreach (var prefix in (string[])[BlobPaths.TrainingImages, BlobPaths.TrainingMasks])
            await foreach (var blob in _data.GetBlobsAsync(new GetBlobsOptions { Prefix = prefix }, cancellationToken))
                if (!used.Names(blob.Name))
                    unnamed.Add(blob.Name);
        return await RemoveContentAsync(unnamed, cancellationToken);
    }

    private async Task<int> RemoveContentAsync(List<string> names, CancellationToken cancellationToken)
    {
        if (names.Count == 0)
            return 0;
        var marked = new List<(string Name, ETag? Mark)>();
        foreach (var name in names)
            marked.Add((name, await MarkAsync(name, cancellationToken)));
        // After all are marked: a document that is written later is of somebody who sees the mark.
        var (used, removed) = (await _use.ReadAsync(cancellationToken), 0);
        foreach (var (name, mark) in marked.Where(blob => !used.Names(blob.Name)))
            if (mark is null || await TryDeleteAsync(name, mark.Value, cancellationToken))
                removed += (mark is null ? 0 : 1) + await BlobRemoval.RemoveEarlierAsync(_data, name, cancellationToken);
        return removed;
    }

    /// <returns>Null where there is no such blob.</returns>
    private async Task<ETag?> MarkAsync(string name, CancellationToken cancellationToken)
    {
        var blob = _data.GetBlobClient(name);
        try
        {
            var found = (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
            if (found.Metadata.ContainsKey(TrainingBlobs.RemovalMark))
                return found.ETag;
            var mark = new Dictionary<string, string> { [TrainingBlobs.RemovalMark] = "1" };
            return (await blob.SetMetadataAsync(mark, cancellationToken: cancellationToken)).Value.ETag;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
        {
            return null;
        }
    }

    /// <returns>False where somebody wrote it again since: a document names it.</returns>
    private async Task<bool> TryDeleteAsync(string name, ETag mark, CancellationToken cancellationToken)
    {
        try
        {
            await _data.GetBlobClient(name).DeleteAsync(DeleteSnapshotsOption.IncludeSnapshots, new BlobRequestConditions { IfMatch = mark }, cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
        {
            return true;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e))
        {
            return false;
        }
    }
}
