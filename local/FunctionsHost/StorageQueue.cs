using Azure.Storage.Queues;

namespace CtSeg.Local.FunctionsHost;

internal static class StorageQueue
{
    /// <summary>Sends to a queue that may not exist yet, as poison queues do.</summary>
    public static async Task SendCreatingAsync(QueueClient queue, BinaryData message, CancellationToken cancellationToken)
    {
        await queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        await queue.SendMessageAsync(message, cancellationToken: cancellationToken);
    }
}
