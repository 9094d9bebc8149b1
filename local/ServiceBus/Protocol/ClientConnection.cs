using System.Net.Sockets;
using Amqp.Handler;
using Amqp.Listener;
using EventId = Amqp.Handler.EventId;

namespace CtSeg.Local.ServiceBus.Protocol;

/// <summary>The state of one client's connection; also the library's handler of its protocol events.</summary>
internal sealed class ClientConnection(ClientConnections all, TimeProvider time) : IHandler, IDisposable
{
    private Socket? _socket;
    private volatile bool _isBroken;

    public ConnectionClaims Claims { get; } = new(time);

    public ReplyLinks Replies { get; } = new();

    /// <value>True once nothing more can come from the client: what the library still reports is its own.</value>
    public bool IsBroken => _isBroken;

    public void MarkBroken() => _isBroken = true;

    public bool CanHandle(EventId id) => id is EventId.SocketAccept or EventId.ConnectionAccept or EventId.SendDelivery;

    public void Handle(Event protocolEvent)
    {
        switch (protocolEvent.Id)
        {
            case EventId.SocketAccept:
                _socket = (Socket)protocolEvent.Context;
                break;
            case EventId.ConnectionAccept:
                // Not before: one that breaks while it signs in is never reported as closed.
                all.Add(this);
                protocolEvent.Connection.AddClosedCallback((_, _) => Dispose());
                break;
            case EventId.SendDelivery when protocolEvent.Context is IDelivery { Message: LockedMessage message } delivery:
                delivery.Tag = message.LockToken.ToByteArray();
                break;
        }
    }

    /// <summary>Cuts the connection without a word, as a failing network does.</summary>
    public void Drop()
    {
        if (_socket is not { } socket)
            return;
        MarkBroken();
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
            socket.Close();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It was gone already.
        }
    }

    public void Dispose()
    {
        all.Remove(this);
        Claims.Dispose();
    }

    public static ClientConnection Of(ListenerLink link) => (ClientConnection)link.Session.Connection.Handler;
}

/// <summary>The connections that are open.</summary>
internal sealed class ClientConnections
{
    private readonly HashSet<ClientConnection> _connections = [];
    private int _accepted;

    /// <value>Connections that ever were.</value>
    public int Accepted => Volatile.Read(ref _accepted);

    public int Count
    {
        get
        {
            lock (_connections)
                return _connections.Count;
        }
    }

    public void Add(ClientConnection connection)
    {
        Interlocked.Increment(ref _accepted);
        lock (_connections)
            _connections.Add(connection);
    }

    public void Remove(ClientConnection connection)
    {
        lock (_connections)
            _connections.Remove(connection);
    }

    public void DropAll()
    {
        ClientConnection[] connections;
        lock (_connections)
            connections = [.. _connections];
        foreach (var connection in connections)
        {
            connection.Drop();
            Remove(connection);
        }
    }
}
