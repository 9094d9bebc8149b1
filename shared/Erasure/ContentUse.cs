using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.DataSets;

namespace CtSeg.Erasure;

/// <summary>Which images and masks of the training data documents name at one moment: slices, and the data sets of any time.</summary>
internal sealed class ContentUse(BlobServiceClient storage)
{
    private readonly BlobContainerClient _data = storage.GetBlobContainerClient(Containers.TrainingData);

    public async Task<UsedContent> ReadAsync(CancellationToken cancellationToken)
    {
        var (used, damaged) = (new HashSet<string>(StringComparer.Ordinal), new List<string>());
        // It only reads, and needs no clock for that.
        var store = new DataSetStore(storage, TimeProvider.System) { Damaged = document => damaged.Add(document.BlobPath[(Containers.TrainingData.Length + 1)..]) };
        await foreach (var slice in store.ListAsync(cancellationToken))
            Add(slice.ImageSha256, [slice.MaskSha256, .. slice.EarlierMasks ?? []]);
        var texts = new List<string>();
        foreach (var name in damaged)
            if (await BlobText.FindAsync(_data.GetBlobClient(name), cancellationToken) is { } text)
                texts.Add(text);
        foreach (var set in await StoredSets.ReadAsync(_data, cancellationToken))
        {
            if (!set.IsReadable)
                texts.Add(set.Text);
            foreach (var slice in set.Data?.Slices ?? [])
                Add(slice.ImageSha256, [slice.MaskSha256]);
        }
        return new UsedContent(used, texts);

        void Add(string image, IEnumerable<string> masks)
        {
            used.Add(BlobPaths.TrainingImage(image));
            used.UnionWith(masks.Select(BlobPaths.TrainingMask));
        }
    }
}

/// <param name="Blobs">That documents name.</param>
/// <param name="Damaged">Documents that cannot be read: what they may name must stay as well.</param>
internal sealed record UsedContent(IReadOnlySet<string> Blobs, IReadOnlyList<string> Damaged)
{
    public bool Names(string blob) =>
        Blobs.Contains(blob) || Damaged.Any(text => text.Contains(Path.GetFileNameWithoutExtension(blob), StringComparison.Ordinal));
}
