using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using Amqp.Listener;
using CtSeg.Local.ServiceBus.Protocol;
using CtSeg.Local.ServiceBus.Store;

namespace CtSeg.Local.ServiceBus;

/// <summary>
/// Service Bus queues on 127.0.0.1, in memory, over AMQP 1.0, for the clients of Microsoft and ours. Covers what is
/// listed in <see cref="LinkRouter"/> and <see cref="ManagementNode"/>; no topics, sessions or transactions.
/// </summary>
internal sealed partial class ServiceBusEmulator : IAsyncDisposable
{
    private const int KeySize = 32;
    private const ushort MaxSessionsPerConnection = 4096;
    private const int MaxFrameSize = 64 * 1024;

    private readonly MessageStore _store;
    private readonly ClientConnections _connections = new();
    private readonly ContainerHost _host;
    private readonly SignedWebTokens? _signedTokens;
    private readonly ILogger _logger;

    private ServiceBusEmulator(ServiceBusEmulatorOptions options, int port, TimeProvider time, ILogger logger)
    {
        _logger = logger;
        Port = port;
        _store = new MessageStore(options.Config.Queues, time);
        _signedTokens = options.RequiredIssuer is { } issuer ? new SignedWebTokens(issuer, time) : null;
        ConnectionString = $"Endpoint=sb://127.0.0.1:{port}/";
        SharedAccessTokens? keyed = null;
        if (_signedTokens is null)
        {
            var key = options.Key ?? Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeySize));
            ConnectionString = $"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName={options.KeyName};SharedAccessKey={key};UseDevelopmentEmulator=true;";
            keyed = new SharedAccessTokens(options.KeyName, key, time);
        }
        var tokens = new TokenChecks(keyed, (IWebTokens?)_signedTokens ?? (options.AcceptUnsignedTokens ? new UnsignedWebTokens(time) : null));
        _host = new ContainerHost([$"{(options.Certificate is null ? "amqp" : "amqps")}://127.0.0.1:{port}"]);
        var listener = _host.Listeners[0];
        if (options.Certificate is { } certificate)
            listener.SSL.Certificate = certificate;
        listener.SASL.EnableMechanism(AnonymousSasl.MechanismName, new AnonymousSasl());
        listener.HandlerFactory = _ => new ClientConnection(_connections, time);
        listener.AMQP.MaxSessionsPerConnection = MaxSessionsPerConnection;
        listener.AMQP.MaxFrameSize = MaxFrameSize;
        listener.TCP.NoDelay = true;
        _host.RegisterLinkProcessor(new LinkRouter(_store, tokens, logger));
    }

    public int Port { get; }

    /// <value>For every client of Service Bus; the same key for all queues. Without a key where identities are required.</value>
    public string ConnectionString { get; }

    internal MessageStore Store => _store;

    internal int ConnectionCount => _connections.Count;

    internal int ConnectionsAccepted => _connections.Accepted;

    /// <exception cref="ServiceBusEmulatorException">The port is taken.</exception>
    public static Task<ServiceBusEmulator> StartAsync(
        ServiceBusEmulatorOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reserved = options.Port == 0 ? ReserveFreePort() : null;
        var port = reserved is null ? options.Port : ((IPEndPoint)reserved.LocalEndPoint!).Port;
        // The library listens with port sharing on: a second listener would get half of the connections.
        if (IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(listener => listener.Port == port))
            throw PortTaken(port, null);
        var emulator = new ServiceBusEmulator(options, port, time, logger);
        try
        {
            emulator._host.Open();
        }
        catch (SocketException e)
        {
            emulator._store.Dispose();
            emulator._signedTokens?.Dispose();
            throw PortTaken(port, e);
        }
        LogStarted(logger, port, options.Config.Queues.Count);
        return Task.FromResult(emulator);
    }

    /// <summary>Cuts all connections without a word, as a failing network does.</summary>
    internal void DropConnections() => _connections.DropAll();

    public ValueTask DisposeAsync()
    {
        _host.Close();
        _connections.DropAll();
        _store.Dispose();
        _signedTokens?.Dispose();
        LogStopped(_logger, Port);
        return ValueTask.CompletedTask;
    }

    /// <summary>Bound but not listening: keeps others from being given the same free port until the library listens on it.</summary>
    private static Socket ReserveFreePort()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, optionValue: true);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private static ServiceBusEmulatorException PortTaken(int port, Exception? inner) =>
        new($"The Service Bus emulator cannot listen on 127.0.0.1:{port}: the port is in use. Choose another one, or 0 for a free one.", inner!);

    [LoggerMessage(EventId = 2001, Level = LogLevel.Information, Message = "Service Bus emulator listens on 127.0.0.1:{Port} with {Queues} queues")]
    private static partial void LogStarted(ILogger logger, int port, int queues);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Information, Message = "Service Bus emulator on 127.0.0.1:{Port} stopped")]
    private static partial void LogStopped(ILogger logger, int port);
}

/// <summary>The emulator could not start: one sentence with what, why and what to do.</summary>
internal sealed class ServiceBusEmulatorException : Exception
{
    public ServiceBusEmulatorException() { }
    public ServiceBusEmulatorException(string message) : base(message) { }
    public ServiceBusEmulatorException(string message, Exception innerException) : base(message, innerException) { }
}
