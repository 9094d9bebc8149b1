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
}

/// <summary>Lists the sets, those that cannot be read too.</summary>
internal static class StoredSets
{
    public static async Task<IReadOnlyList<StoredSet>> ReadAsync(BlobContainerClient data, CancellationToken cancellationToken)
    {
        var sets = new List<StoredSet>();
        foreach (var prefix in (string[])[BlobPaths.DataSets, BlobPaths.EvaluationSets])
        {
            await foreach (var blob in data.GetBlobsAsync(new GetBlobsOptions { Prefix = prefix }, cancellationToken))
            {
                if (blob.Name == BlobPaths.EvaluationRule || await BlobText.FindAsync(data.GetBlobClient(blob.Name), cancellationToken) is not { } text)
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
