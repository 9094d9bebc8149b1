using System.Collections.Concurrent;
using CtSeg.ServiceBus;

namespace CtSeg.Local.FunctionsHost;

/// <summary>One Service Bus client a connection, shared by triggers and outputs.</summary>
internal sealed class ServiceBusConnections(Func<HostConnection, IServiceBusClient>? create) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<HostConnection, Lazy<IServiceBusClient>> _clients = [];

    /// <exception cref="FunctionAppException">This host was started without a Service Bus client.</exception>
    public IServiceBusClient Get(HostConnection connection) => create is null
        ? throw new FunctionAppException("A function uses Service Bus, but this host was started without a Service Bus client.")
        : _clients.GetOrAdd(connection, key => new Lazy<IServiceBusClient>(() => create(key))).Value;

    public async ValueTask DisposeAsync()
    {
        foreach (Lazy<IServiceBusClient> client in _clients.Values)
            if (client.IsValueCreated)
                await client.Value.DisposeAsync();
    }
}
