using Azure.Storage.Queues;
using CtSeg.Configuration;
using CtSeg.Contracts;
using CtSeg.Scans;

namespace CtSeg.TrainingJob.Letters;

/// <summary>Opens the storage queues beside the containers of slices.</summary>
internal static class PoisonQueues
{
    /// <summary>The setting with their address, where the containers are entered with an identity.</summary>
    public static readonly string Endpoint = ConnectionSettings.QueueEndpoint(Connections.Slices);

    // Texts as they are: what lies there was written by the host.
    private static readonly QueueClientOptions Plain = new() { MessageEncoding = QueueMessageEncoding.None };

    /// <param name="setting">Looks a setting up; null when it is not set.</param>
    /// <returns>Null where only the address of the containers is set.</returns>
    /// <exception cref="FormatException">The connection string cannot be read.</exception>
    public static QueueServiceClient? Open(Func<string, string?> setting) => StorageConnection.Find(
        Connections.Slices, Endpoint, setting, text => new QueueServiceClient(text, Plain), (address, identity) => new QueueServiceClient(address, identity, Plain));
}
