using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using CtSeg.Configuration;
using CtSeg.Scans;

namespace CtSeg.Local.FunctionsHost;

/// <summary>A connection that bindings name: a connection string, or addresses that are entered with an identity.</summary>
/// <param name="Name">As it is set, with the prefix <c>AzureWebJobs</c> where it is set so.</param>
internal sealed record HostConnection(string Name, AppSettings Settings)
{
    public string? Setting(string name) => Settings.Find(name);

    /// <exception cref="FunctionAppException">It is not set as it must be.</exception>
    public BlobContainerClient OpenContainer(string container)
    {
        try
        {
            return StorageConnection.Open(Name, Setting).GetBlobContainerClient(container);
        }
        catch (InvalidOperationException e)
        {
            throw new FunctionAppException(e.Message, e);
        }
    }

    /// <exception cref="FunctionAppException">It is not set as it must be.</exception>
    public QueueClient OpenQueue(string queue, HostSettings settings)
    {
        var options = new QueueClientOptions { MessageEncoding = settings.QueueBase64 ? QueueMessageEncoding.Base64 : QueueMessageEncoding.None };
        var problems = ConnectionSettings.Storage(Name, "a storage account", SettingReaders.Host).ProblemsOf(Setting, needed: 2);
        if (problems.Count > 0)
            throw new FunctionAppException(string.Join(" ", problems));
        return StorageConnection.Find(
            Name, ConnectionSettings.QueueEndpoint(Name), Setting, text => new QueueServiceClient(text, options),
            (address, identity) => new QueueServiceClient(address, identity, options))!.GetQueueClient(queue);
    }
}
