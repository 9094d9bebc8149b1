using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Scans;

namespace CtSeg.Models;

/// <summary>The challenger that runs beside the model in use: at most one, started and stopped by conditional writes.</summary>
public sealed class ShadowStore(BlobServiceClient storage, TimeProvider time)
{
    private const int MaxConflicts = 10;
    private readonly BlobClient _blob = storage.GetBlobContainerClient(Containers.Models).GetBlobClient(BlobPaths.ShadowModel);

    /// <returns>Null where no challenger runs in shadow.</returns>
    public async Task<StoredShadow?> ReadAsync(CancellationToken cancellationToken) =>
        await ModelBlobs.FindAsync(_blob, cancellationToken) is { } found ? new StoredShadow(Parse(found.Content), found.ETag) : null;

    /// <summary>Asked again for the same model and run it changes nothing. One whose time is over, or that cannot be read, gives way.</summary>
    /// <returns>False while the challenger of another run is in shadow.</returns>
    /// <exception cref="InvalidOperationException">Other writers came first every time.</exception>
    public async Task<bool> StartAsync(ShadowModel shadow, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(shadow);
        for (var conflict = 0; conflict < MaxConflicts; conflict++)
        {
            var found = await ReadAsync(cancellationToken);
            if (found?.Shadow is { } other)
            {
                if (other.RunId == shadow.RunId && other.Model == shadow.Model)
                    return true;
                if (other.RunId != shadow.RunId && other.Until > time.GetUtcNow().UtcDateTime)
                    return false;
            }
            // A refusal may also come from the own write whose answer was lost: the next look finds it.
            if (await ModelBlobs.TryWriteAsync(_blob, ModelBlobs.ToJson(shadow, ModelsJson.Default.ShadowModel), found?.ETag, cancellationToken) is not null)
                return true;
        }
        throw Busy();
    }

    /// <summary>Ends the shadow of a run; that of another one stays.</summary>
    /// <returns>Whether it was there.</returns>
    /// <exception cref="InvalidOperationException">Other writers came first every time.</exception>
    public async Task<bool> StopAsync(string run, CancellationToken cancellationToken)
    {
        for (var conflict = 0; conflict < MaxConflicts; conflict++)
        {
            if (await ReadAsync(cancellationToken) is not { Shadow: { } shadow } found || shadow.RunId != run)
                return false;
            try
            {
                await _blob.DeleteAsync(DeleteSnapshotsOption.IncludeSnapshots, new BlobRequestConditions { IfMatch = found.ETag }, cancellationToken);
                return true;
            }
            catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
            {
                return true;
            }
            catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e))
            {
                // Written since it was read: look again.
            }
        }
        throw Busy();
    }

    private static InvalidOperationException Busy() =>
        new($"{Containers.Models}/{BlobPaths.ShadowModel} changed under {MaxConflicts} attempts to write it.");

    private static ShadowModel? Parse(BinaryData content)
    {
        try
        {
            return JsonSerializer.Deserialize(content.ToMemory().Span, ModelsJson.Default.ShadowModel);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <param name="Shadow">Null where the document cannot be read.</param>
public sealed record StoredShadow(ShadowModel? Shadow, ETag ETag);
