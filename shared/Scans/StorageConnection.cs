using Azure.Storage.Blobs;
using CtSeg.Configuration;

namespace CtSeg.Scans;

/// <summary>Opens the storage account that a named connection setting points to.</summary>
public static class StorageConnection
{
    /// <summary>
    /// <c>{connection}</c> holds a connection string, or <c>{connection}__blobServiceUri</c> an endpoint that is entered
    /// with an identity (<see cref="ConnectionIdentity"/>).
    /// </summary>
    /// <param name="setting">Looks a setting up; null when it is not set.</param>
    /// <exception cref="InvalidOperationException">Neither setting is there, or both, or one that cannot be read; the message repeats no secret.</exception>
    public static BlobServiceClient Open(string connection, Func<string, string?> setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        var problems = ConnectionSettings.Storage(connection, "a storage account", SettingReaders.None).ProblemsOf(setting);
        if (problems.Count > 0)
            throw new InvalidOperationException(string.Join(" ", problems));
        return setting(connection) is { Length: > 0 } connectionString
            ? new BlobServiceClient(connectionString)
            : new BlobServiceClient(new Uri(setting(ConnectionSettings.BlobEndpoint(connection))!), ConnectionIdentity.Of(connection, setting));
    }
}
