using Azure.Storage.Queues;

namespace CtSeg.Local.FunctionsHost;

internal static class StorageQueue
{
    public static QueueClient Open(string connection, string queue, HostSettings settings) => new(connection, queue, new QueueClientOptions
    {
        MessageEncoding = settings.QueueBase64 ? QueueMessageEncoding.Base64 : QueueMessageEncoding.None,
    });

    /// <summary>Sends to a queue that may not exist yet, as poison queues do.</summary>
    public static async Task SendCreatingAsync(QueueClient queue, BinaryData message, CancellationToken cancellationToken)
    {
        await queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        await queue.SendMessageAsync(message, cancellationToken: cancellationToken);
    }
}
