using System.Runtime.CompilerServices;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Preprocessing;
using CtSeg.Segmentation;

namespace CtSeg.DataSets;

/// <summary>The documents of slices: each replaced by conditional writes only, and read with care.</summary>
/// <param name="damaged">Told of what a listing leaves out.</param>
internal sealed class SliceDocuments(TrainingBlobs blobs, Action<DamagedDocument> damaged)
{
    private const int MaxConflicts = 10;
    private const int ReadsAtOnce = 16;

    /// <summary>What a slice becomes when it is stored.</summary>
    /// <returns>The document, and the mask as PNG.</returns>
    /// <exception cref="SliceRejectedException">The image cannot be used, or the mask does not fit it.</exception>
    public static (TrainingSlice Document, BinaryData Mask) Describe(NewSlice slice)
    {
        var preprocessed = SlicePreprocessor.Process(slice.Image.ToMemory());
        MaskShape.RequireSame(preprocessed.Original, slice.Mask);
        var mask = new BinaryData(MaskPng.Write(slice.Mask));
        var document = new TrainingSlice(
            slice.Id, slice.Name, slice.Group, ContentHash.Of(slice.Image.ToMemory().Span), PictureIdentity.Of(preprocessed.Image),
            ContentHash.Of(mask.ToMemory().Span), slice.Mask.Width, slice.Mask.Height, ClassPixels(slice.Mask), slice.Origin);
        return (document, mask);
    }

    /// <summary>Writes the document unless it says the same already.</summary>
    /// <param name="isNewest">Asked between reading what it replaces and replacing it.</param>
    /// <returns>Null when it is not.</returns>
    /// <exception cref="InvalidOperationException">Other writers came first every time.</exception>
    public async Task<StoredSlice?> StoreAsync(
        TrainingSlice made, LesionMask mask, Func<CancellationToken, Task<bool>> isNewest, CancellationToken cancellationToken)
    {
        var path = BlobPaths.TrainingSlice(made.Id);
        (BinaryData Json, StoredSlice Stored)? tried = null;
        for (var conflict = 0; conflict < MaxConflicts; conflict++)
        {
            var known = await blobs.FindAsync(path, cancellationToken);
            // This is our own write, whose answer was lost.
            if (tried is { } own && known?.Content.ToMemory().Span.SequenceEqual(own.Json.ToMemory().Span) == true)
                return own.Stored;
            var there = known is { } found ? DocumentReader.Read(found.Content, made.Id).Slice : null;
            if (!await isNewest(cancellationToken))
                return null;
            if (there is not null && await IsSameAsync(there, made, mask, cancellationToken))
                return new StoredSlice(there, SliceChange.Unchanged);
            var document = made with { EarlierMasks = EarlierMasks(there, made) };
            var json = new BinaryData(JsonSerializer.SerializeToUtf8Bytes(document, ContractsJson.Default.TrainingSlice));
            tried = (json, new StoredSlice(document, known is null ? SliceChange.Added : SliceChange.Replaced));
            if (await blobs.TryWriteAsync(path, json, known?.ETag, cancellationToken))
                return tried.Value.Stored;
        }
        throw new InvalidOperationException($"The training slice {made.Id} changed under {MaxConflicts} attempts to write it.");
    }

    /// <summary>What <see cref="StoreAsync"/> would do.</summary>
    public async Task<StoredSlice> CompareAsync(TrainingSlice document, LesionMask mask, CancellationToken cancellationToken)
    {
        var read = await ReadAsync(document.Id, cancellationToken);
        if (read is null)
            return new StoredSlice(document, SliceChange.Added);
        return read.Slice is { } there && await IsSameAsync(there, document, mask, cancellationToken)
            ? new StoredSlice(there, SliceChange.Unchanged)
            : new StoredSlice(document, SliceChange.Replaced);
    }

    /// <returns>Null where there is no such slice.</returns>
    public async Task<ReadDocument?> ReadAsync(ScanId id, CancellationToken cancellationToken) =>
        await blobs.FindAsync(BlobPaths.TrainingSlice(id), cancellationToken) is { } found ? DocumentReader.Read(found.Content, id) : null;

    /// <summary>All that can be read, in the order of their ids.</summary>
    public async IAsyncEnumerable<TrainingSlice> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var names in blobs.NamesAsync(BlobPaths.TrainingSlices, cancellationToken))
        {
            foreach (var some in Ids(names).Chunk(ReadsAtOnce))
            {
                var read = await Task.WhenAll(some.Select(id => ReadAsync(id, cancellationToken)));
                foreach (var (id, document) in some.Zip(read))
                {
                    if (document?.Slice is { } slice)
                        yield return slice;
                    else if (document is not null)
                        damaged(new DamagedDocument(TrainingBlobs.PathOf(BlobPaths.TrainingSlice(id)), document.Problem));
                }
            }
        }
    }

    private IEnumerable<ScanId> Ids(IReadOnlyList<string> names)
    {
        foreach (var name in names)
        {
            if (ScanId.TryParse(Path.GetFileNameWithoutExtension(name), out var id) && BlobPaths.TrainingSlice(id) == name)
                yield return id;
            else
                damaged(new DamagedDocument(TrainingBlobs.PathOf(BlobPaths.TrainingSlices), "A blob there is not named by the id of a slice."));
        }
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
            var other = MaskPng.Read((await blobs.ReadAsync(BlobPaths.TrainingMask, stored.MaskSha256, cancellationToken)).ToMemory());
            return other.Width == mask.Width && other.Height == mask.Height && other.Labels.AsSpan().SequenceEqual(mask.Labels);
        }
        catch (Exception e) when (e is DamagedDataException or SliceRejectedException)
        {
            return false;
        }
    }

    private static string[]? EarlierMasks(TrainingSlice? replaced, TrainingSlice made)
    {
        if (replaced is null)
            return null;
        string[] earlier = [.. (replaced.EarlierMasks ?? []).Append(replaced.MaskSha256).Distinct(StringComparer.Ordinal).Where(hash => hash != made.MaskSha256)];
        return earlier.Length > 0 ? earlier : null;
    }

    private static long[] ClassPixels(LesionMask mask)
    {
        var pixels = new long[LesionMask.ClassCount];
        foreach (var label in mask.Labels)
            pixels[label]++;
        return pixels;
    }
}
