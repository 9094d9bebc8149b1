using Azure.Core;
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
        return Find(
            connection, ConnectionSettings.BlobEndpoint(connection), setting, text => new BlobServiceClient(text), (address, identity) => new BlobServiceClient(address, identity))!;
    }

    /// <summary>The same for any service of the account: whoever has its client says how it is made.</summary>
    /// <param name="endpoint">Name of the setting with the service's address, as <see cref="ConnectionSettings.QueueEndpoint"/>.</param>
    /// <returns>Null where neither setting is there.</returns>
    public static T? Find<T>(
        string connection, string endpoint, Func<string, string?> setting, Func<string, T> withConnectionString, Func<Uri, TokenCredential, T> withIdentity)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(setting);
        ArgumentNullException.ThrowIfNull(withConnectionString);
        ArgumentNullException.ThrowIfNull(withIdentity);
        if (setting(connection) is { Length: > 0 } connectionString)
            return withConnectionString(connectionString);
        return setting(endpoint) is { Length: > 0 } address ? withIdentity(new Uri(address), ConnectionIdentity.Of(connection, setting)) : null;
    }
}
