using Azure.Storage.Queues;
using CtSeg.Configuration;
using CtSeg.Contracts;

namespace CtSeg.TrainingJob.Letters;

/// <summary>Opens the storage queues beside the containers of slices.</summary>
internal static class PoisonQueues
{
    private const string QueueUri = $"{Connections.Slices}__queueServiceUri";

    // Texts as they are: what lies there was written by the host.
    private static readonly QueueClientOptions Plain = new() { MessageEncoding = QueueMessageEncoding.None };

    /// <param name="setting">Looks a setting up; null when it is not set.</param>
    /// <returns>Null where only the address of the containers is set.</returns>
    /// <exception cref="FormatException">The connection string cannot be read.</exception>
    public static QueueServiceClient? Open(Func<string, string?> setting)
    {
        if (setting(Connections.Slices) is { Length: > 0 } connectionString)
            return new QueueServiceClient(connectionString, Plain);
        return setting(QueueUri) is { Length: > 0 } endpoint ? new QueueServiceClient(new Uri(endpoint), ConnectionIdentity.Of(Connections.Slices, setting), Plain) : null;
    }
}
