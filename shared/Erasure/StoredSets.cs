using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.DataSets;

namespace CtSeg.Erasure;

/// <summary>A data set or evaluation set as it lies in storage.</summary>
/// <param name="BlobName">Inside <see cref="Containers.TrainingData"/>.</param>
/// <param name="Text">The document, read or not.</param>
internal sealed record StoredSet(string BlobName, string Text, DataSet? Data, EvaluationSet? Evaluation)
{
    public string Version => Path.GetFileNameWithoutExtension(BlobName);
    public bool IsReadable => Data is not null || Evaluation is not null;

    /// <summary>Whether it lists the slice; one that cannot be read, whether it names it anywhere.</summary>
    public bool Holds(ScanId slice) => this switch
    {
        { Data: { } data } => data.Slices.Any(one => one.Id == slice),
        { Evaluation: { } evaluation } => evaluation.Slices.Contains(slice),
        _ => Text.Contains(slice.ToString(), StringComparison.Ordinal),
    };
}

/// <summary>Lists the sets, those that cannot be read too.</summary>
internal static class StoredSets
{
    /// <param name="since">By the clock of storage: only what was written then or later; null for all.</param>
    public static async Task<IReadOnlyList<StoredSet>> ReadAsync(BlobContainerClient data, CancellationToken cancellationToken, DateTime? since = null)
    {
        var sets = new List<StoredSet>();
        foreach (var prefix in (string[])[BlobPaths.DataSets, BlobPaths.EvaluationSets])
        {
            await foreach (var blob in data.GetBlobsAsync(new GetBlobsOptions { Prefix = prefix }, cancellationToken))
            {
                if (blob.Name is BlobPaths.EvaluationRule or BlobPaths.LockedPictures || blob.Properties.LastModified?.UtcDateTime < since
                    || await BlobText.FindAsync(data.GetBlobClient(blob.Name), cancellationToken) is not { } text)
                    continue;
                var isData = prefix == BlobPaths.DataSets;
                sets.Add(new StoredSet(
                    blob.Name, text,
                    isData ? BlobText.TryParse(text, ContractsJson.Default.DataSet) : null,
                    isData ? null : BlobText.TryParse(text, ContractsJson.Default.EvaluationSet)));
            }
        }
        return sets;
    }
}
