using Azure.Identity;
using Azure.Storage.Blobs;

namespace CtSeg.Scans;

/// <summary>Opens the storage account that a named connection setting points to.</summary>
public static class StorageConnection
{
    /// <summary>
    /// <c>{connection}</c> holds a connection string, or <c>{connection}__blobServiceUri</c> an endpoint that is entered
    /// with the identity of the process.
    /// </summary>
    /// <param name="setting">Looks a setting up; null when it is not set.</param>
    /// <exception cref="InvalidOperationException">Neither setting is there.</exception>
    public static BlobServiceClient Open(string connection, Func<string, string?> setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        if (setting(connection) is { Length: > 0 } connectionString)
            return new BlobServiceClient(connectionString);
        if (setting($"{connection}__blobServiceUri") is { Length: > 0 } endpoint)
            return new BlobServiceClient(new Uri(endpoint), new DefaultAzureCredential());
        throw new InvalidOperationException(
            $"No storage account is configured: set {connection} to a connection string or {connection}__blobServiceUri to an endpoint.");
    }
}
