using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Azure;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using CtSeg.ServiceBus;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace CtSeg.Local.FunctionsHost;

/// <summary>Writes the outputs of a finished invocation to queues and containers, in the order of function.json.</summary>
internal sealed class OutputWriter(HostSettings settings, ServiceBusConnections serviceBus) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<(HostConnection Connection, string Queue), IMessageSender> _senders = [];
    private readonly ConcurrentDictionary<(HostConnection Connection, string Queue), QueueClient> _queues = [];
    private readonly ConcurrentDictionary<(HostConnection Connection, string Container), BlobContainerClient> _containers = [];

    /// <exception cref="InvocationFailedException">An output could not be written.</exception>
    public async Task WriteAsync(FunctionDefinition function, InvocationAnswer answer, IReadOnlyList<KeyValuePair<string, object?>> metadata, CancellationToken cancellationToken)
    {
        foreach (Binding output in function.Outputs)
        {
            JToken? value = output.Name == "$return" ? answer.ReturnValue : answer.Outputs.GetValue(output.Name, StringComparison.OrdinalIgnoreCase);
            if (value is null or { Type: JTokenType.Null } || output.Is("http"))
                continue;
            try
            {
                await WriteAsync(output, OutputMessages.From(value, output.IsBinary), metadata, cancellationToken);
            }
            catch (Exception e) when (e is JsonException or RequestFailedException or ServiceBusException or FunctionAppException or AuthenticationFailedException)
            {
                throw new InvocationFailedException($"{function.Name}: the output '{output.Name}' could not be written: {e.Message}", e);
            }
        }
    }

    private async Task WriteAsync(Binding output, IReadOnlyList<byte[]> messages, IReadOnlyList<KeyValuePair<string, object?>> metadata, CancellationToken cancellationToken)
    {
        if (output.Is("serviceBus"))
            await Sender(output).SendAsync([.. messages.Select(body => new OutgoingMessage(body) { ContentType = "" })], cancellationToken);
        else if (output.Is("queue"))
            foreach (byte[] message in messages)
                await Queue(output).SendMessageAsync(BinaryData.FromBytes(message), cancellationToken: cancellationToken);
        else
            foreach (byte[] content in messages)
                await WriteBlobAsync(output, content, metadata, cancellationToken);
    }

    private async Task WriteBlobAsync(Binding output, byte[] content, IReadOnlyList<KeyValuePair<string, object?>> metadata, CancellationToken cancellationToken)
    {
        BlobPath path = new(output.Get("path"));
        string name = path.Expand(key => key == "rand-guid" && Find("sys") is JObject sys ? sys.Value<string>("RandGuid") : Find(key)?.ToString());
        HostConnection connection = output.Connection("AzureWebJobsStorage");
        BlobContainerClient container = _containers.GetOrAdd((connection, path.Container), key => key.Connection.OpenContainer(key.Container));
        await container.GetBlobClient(name).UploadAsync(BinaryData.FromBytes(content), overwrite: true, cancellationToken);

        object? Find(string key) => metadata.FirstOrDefault(pair => pair.Key == key).Value;
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "Senders are kept and disposed with the writer.")]
    private IMessageSender Sender(Binding output) =>
        _senders.GetOrAdd((output.Connection("AzureWebJobsServiceBus"), output.Get("queueName")), key => serviceBus.Get(key.Connection).CreateSender(key.Queue));

    private QueueClient Queue(Binding output) =>
        _queues.GetOrAdd((output.Connection("AzureWebJobsStorage"), output.Get("queueName")), key => key.Connection.OpenQueue(key.Queue, settings));

    public async ValueTask DisposeAsync()
    {
        foreach (IMessageSender sender in _senders.Values)
            await sender.DisposeAsync();
    }
}
