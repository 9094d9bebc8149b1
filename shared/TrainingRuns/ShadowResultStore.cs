using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Erasure;
using CtSeg.Models;
using CtSeg.Scans;

namespace CtSeg.TrainingRuns;

/// <summary>What the challengers of runs said beside the models in use, one document a slice.</summary>
public sealed class ShadowResultStore(BlobServiceClient storage)
{
    private readonly BlobContainerClient _runs = storage.GetBlobContainerClient(Containers.TrainingRuns);

    /// <returns>False where the run has a result for this slice already; it stays as it is.</returns>
    public async Task<bool> TryStoreAsync(ShadowResult result, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(result);
        var json = new BinaryData(JsonSerializer.SerializeToUtf8Bytes(result, ContractsJson.Default.ShadowResult));
        return await ConditionalBlob.TryWriteAsync(BlobOf(result.RunId, result.ScanId), json, replaces: null, cancellationToken) is not null;
    }

    /// <summary>Takes a result away, with all that an account keeps beside it; one that is gone already is left so.</summary>
    public Task RemoveAsync(string run, ScanId scan, CancellationToken cancellationToken) =>
        BlobRemoval.RemoveAsync(_runs, BlobPaths.ShadowResult(run, scan), cancellationToken);

    /// <returns>What this challenger said beside this champion, in the order of the scans; documents that cannot be read are left out.</returns>
    public async Task<IReadOnlyList<ShadowResult>> ListAsync(string run, ServedModel champion, ServedModel challenger, CancellationToken cancellationToken)
    {
        var found = new List<ShadowResult>();
        await foreach (var blob in _runs.GetBlobsAsync(new GetBlobsOptions { Prefix = BlobPaths.ShadowResults(run) }, cancellationToken))
            // One may be taken away since it was listed.
            if (await ConditionalBlob.FindAsync(_runs.GetBlobClient(blob.Name), cancellationToken) is { } stored
                && TryParse(stored.Content) is { } result && result.IsOf(champion, challenger))
                found.Add(result);
        return found;
    }

    private BlobClient BlobOf(string run, ScanId scan) => _runs.GetBlobClient(BlobPaths.ShadowResult(run, scan));

    private static ShadowResult? TryParse(BinaryData content)
    {
        try
        {
            return JsonSerializer.Deserialize(content.ToMemory().Span, ContractsJson.Default.ShadowResult);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
