using System.Runtime.CompilerServices;
using System.Text.Json;
using Azure;
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
        var options = new BlobUploadOptions
        {
            Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
            HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
        };
        try
        {
            var json = new BinaryData(JsonSerializer.SerializeToUtf8Bytes(result, ContractsJson.Default.ShadowResult));
            await BlobOf(result.RunId, result.ScanId).UploadAsync(json, options, cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e))
        {
            return false;
        }
    }

    /// <summary>Takes a result away, with all that an account keeps beside it; one that is gone already is left so.</summary>
    public Task RemoveAsync(string run, ScanId scan, CancellationToken cancellationToken) =>
        BlobRemoval.RemoveAsync(_runs, BlobPaths.ShadowResult(run, scan), cancellationToken);

    /// <returns>What this challenger said beside this champion, in the order of the scans; documents that cannot be read are left out.</returns>
    public async Task<IReadOnlyList<ShadowResult>> ListAsync(string run, ServedModel champion, ServedModel challenger, CancellationToken cancellationToken)
    {
        var found = new List<ShadowResult>();
        await foreach (var result in ListAsync(run, onDamaged: null, cancellationToken))
            if (result.IsOf(champion, challenger))
                found.Add(result);
        return found;
    }

    /// <param name="onDamaged">Told the name of a document that cannot be read; it is left out.</param>
    public async IAsyncEnumerable<ShadowResult> ListAsync(
        string run, Action<string>? onDamaged, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var options = new GetBlobsOptions { Prefix = PrefixOf(run) };
        await foreach (var blob in _runs.GetBlobsAsync(options, cancellationToken))
            if (await FindAsync(blob.Name, onDamaged, cancellationToken) is { } result)
                yield return result;
    }

    private async Task<ShadowResult?> FindAsync(string name, Action<string>? onDamaged, CancellationToken cancellationToken)
    {
        try
        {
            var json = (await _runs.GetBlobClient(name).DownloadContentAsync(cancellationToken)).Value.Content;
            if (JsonSerializer.Deserialize(json.ToMemory().Span, ContractsJson.Default.ShadowResult) is { } result)
                return result;
        }
        catch (JsonException)
        {
            // Told below, like a document that is null.
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
        {
            // Taken away since it was listed.
            return null;
        }
        onDamaged?.Invoke(name);
        return null;
    }

    private BlobClient BlobOf(string run, ScanId scan) => _runs.GetBlobClient(BlobPaths.ShadowResult(run, scan));

    private static string PrefixOf(string run) => $"{run}/shadow/";
}
