using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace CtSeg.Scans;

/// <summary>Reads a blob that may not be there, and writes one that nobody else wrote meanwhile.</summary>
internal static class ConditionalBlob
{
    public const string Json = "application/json";

    /// <returns>Null where there is none.</returns>
    public static async Task<(BinaryData Content, ETag ETag)?> FindAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await blob.DownloadContentAsync(cancellationToken);
            return (answer.Value.Content, answer.Value.Details.ETag);
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
        {
            return null;
        }
    }

    /// <param name="replaces">ETag of what is replaced; null where nothing may be there.</param>
    /// <returns>What was written; null where another was first, or this very write was, and its answer was lost.</returns>
    public static async Task<BlobContentInfo?> TryWriteAsync(
        BlobClient blob, BinaryData content, ETag? replaces, CancellationToken cancellationToken, string contentType = Json, IDictionary<string, string>? metadata = null)
    {
        var options = new BlobUploadOptions
        {
            Conditions = replaces is { } etag ? new BlobRequestConditions { IfMatch = etag } : new BlobRequestConditions { IfNoneMatch = ETag.All },
            HttpHeaders = new BlobHttpHeaders { ContentType = contentType },
            Metadata = metadata,
        };
        try
        {
            return (await blob.UploadAsync(content, options, cancellationToken)).Value;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e))
        {
            return null;
        }
    }
}
