using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.DataSets;

namespace CtSeg.Erasure;

/// <summary>Versions that hold an erased slice, and the hashes under which they name it.</summary>
internal sealed record SetTraces(IReadOnlyList<string> DataSets, IReadOnlyList<string> EvaluationSets, IReadOnlyList<string> Images, IReadOnlyList<string> Masks);

/// <summary>Finds what documents of other things say about scans.</summary>
internal sealed class ErasureTraces(BlobServiceClient storage)
{
    private readonly BlobContainerClient _audit = storage.GetBlobContainerClient(Containers.Audit);
    private readonly BlobContainerClient _runs = storage.GetBlobContainerClient(Containers.TrainingRuns);

    /// <param name="until">Sets that were made later hold slices that joined later, unless they name a scan.</param>
    /// <param name="unreadable">Told the paths of sets that cannot be read and name no scan.</param>
    public static SetTraces Sets(IReadOnlyList<StoredSet> stored, HashSet<ScanId> scans, ErasedPictures known, DateTime until, Action<string> unreadable)
    {
        var sets = stored.ToLookup(set => set.BlobName.StartsWith(BlobPaths.EvaluationSets, StringComparison.Ordinal));
        var data = sets[false].Where(set => set.Data is { } read ? read.Slices.Any(slice => IsErased(read, slice)) : Names(set.Text)).ToArray();
        // By the slices alone: the data set that one names is only the first that it was a part of.
        var evaluation = sets[true].Where(set => set.Evaluation is { } read ? read.Slices.Any(scans.Contains) : Names(set.Text)).ToArray();
        foreach (var set in sets.SelectMany(some => some).Where(set => !set.IsReadable).Except(data).Except(evaluation))
            unreadable($"{Containers.TrainingData}/{set.BlobName}");
        var slices = data.SelectMany(set => set.Data?.Slices.Where(slice => IsErased(set.Data, slice)) ?? []).ToArray();
        return new SetTraces(
            [.. data.Select(set => set.Version)], [.. evaluation.Select(set => set.Version)],
            [.. slices.Select(slice => slice.ImageSha256).Where(ContentHash.IsPlausible)], [.. slices.Select(slice => slice.MaskSha256).Where(ContentHash.IsPlausible)]);

        bool IsErased(DataSet set, DataSetSlice slice) => scans.Contains(slice.Id) || (set.CreatedAt <= until && known.Knows(slice.Picture));
        bool Names(string text) => scans.Any(scan => text.Contains(scan.ToString(), StringComparison.Ordinal));
    }

    /// <summary>Archived and discarded letters: most are named by their scan, what was no request is looked into.</summary>
    /// <param name="names">Of the uploads.</param>
    public async Task<IReadOnlyList<string>> DeadLettersAsync(HashSet<ScanId> scans, HashSet<string> names, CancellationToken cancellationToken)
    {
        var found = new List<string>();
        if (scans.Count == 0)
            return found;
        // Versions too: a letter may have been removed by hand.
        await foreach (var item in BlobRemoval.ListAsync(_audit, BlobPaths.DeadLetters, BlobTraits.None, cancellationToken))
        {
            var name = Path.GetFileName(item.Name);
            if (found.Contains(item.Name))
                continue;
            if (name.IndexOf('-', StringComparison.Ordinal) is var dash and > 0 && ScanId.TryParse(name[..dash], out var scan)
                ? scans.Contains(scan)
                : await BlobText.FindAsync(_audit.GetBlobClient(item.Name), cancellationToken) is { } text && Tells(text))
                found.Add(item.Name);
        }
        return found;

        bool Tells(string text) => scans.Any(scan => text.Contains(scan.ToString(), StringComparison.Ordinal))
            || names.Any(name => text.Contains(name, StringComparison.Ordinal) || text.Contains(JsonEncodedText.Encode(name).ToString(), StringComparison.Ordinal));
    }

    /// <summary>What challengers said about the scans.</summary>
    public async Task<IReadOnlyList<string>> ShadowsAsync(HashSet<ScanId> scans, CancellationToken cancellationToken)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        if (scans.Count == 0)
            return [];
        await foreach (var item in BlobRemoval.ListAsync(_runs, prefix: null, BlobTraits.None, cancellationToken))
        {
            var parts = item.Name.Split('/');
            if (parts.Length == 3 && ScanId.TryParse(Path.GetFileNameWithoutExtension(parts[2]), out var scan) && scans.Contains(scan)
                && item.Name == BlobPaths.ShadowResult(parts[0], scan))
                found.Add(item.Name);
        }
        return [.. found];
    }
}
