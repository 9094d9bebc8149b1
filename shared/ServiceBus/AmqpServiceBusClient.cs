using Azure.Core;
using CtSeg.Configuration;
using CtSeg.ServiceBus.Authorization;
using CtSeg.ServiceBus.Connections;
using CtSeg.ServiceBus.Queues;

namespace CtSeg.ServiceBus;

/// <summary>
/// A Service Bus client over AMQP 1.0. One connection for all its senders and receivers, opened when first needed and
/// again after it broke; every sender, receiver and management link has a session of its own.
/// </summary>
public sealed class AmqpServiceBusClient : IServiceBusClient
{
    private readonly Reopening<LiveConnection> _connection;
    private readonly RetryPolicy _retry;

    private AmqpServiceBusClient(ServiceBusEndpoint endpoint, ITokenSource tokens, ServiceBusClientOptions options)
    {
        _retry = new RetryPolicy(options);
        _connection = new Reopening<LiveConnection>(cancellationToken =>
            LiveConnection.OpenAsync(endpoint, tokens, options.TimeProvider, cancellationToken));
    }

    /// <param name="connectionString">Endpoint and shared access key; with <c>UseDevelopmentEmulator=true</c> without TLS, on the port of the endpoint or 5672.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="FormatException">The connection string lacks something.</exception>
    public static AmqpServiceBusClient FromConnectionString(string connectionString, ServiceBusClientOptions? options = null)
    {
        options ??= new ServiceBusClientOptions();
        var parsed = ServiceBusConnectionString.Parse(connectionString);
        return new AmqpServiceBusClient(
            parsed.Endpoint, new SharedAccessTokenSource(parsed.KeyName, parsed.Key, options.TokenLifetime, options.TimeProvider), options);
    }

    /// <param name="fullyQualifiedNamespace">For example <c>name.servicebus.windows.net</c>; with a port where it is not reached at 5671. Always over TLS.</param>
    /// <param name="credential">An identity that may send or receive there.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="FormatException">It is no host name.</exception>
    public static AmqpServiceBusClient FromNamespace(string fullyQualifiedNamespace, TokenCredential credential, ServiceBusClientOptions? options = null)
    {
        if (!NamespaceAddress.TryParse(fullyQualifiedNamespace, out var host, out var port))
            throw new FormatException($"'{fullyQualifiedNamespace}' is no Service Bus namespace: give its host name, for example name.servicebus.windows.net.");
        return Create(new ServiceBusEndpoint(host, port > 0 ? port : ServiceBusEndpoint.TlsPort, UseTls: true), credential, options);
    }

    public IMessageSender CreateSender(string queue) => new MessageSender(_connection, queue, _retry);

    public IMessageReceiver CreateReceiver(string queue, int prefetch = 0) => new MessageReceiver(_connection, queue, prefetch, _retry);

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    internal static AmqpServiceBusClient Create(ServiceBusEndpoint endpoint, TokenCredential credential, ServiceBusClientOptions? options) =>
        new(endpoint, new EntraTokenSource(credential), options ?? new ServiceBusClientOptions());
}
