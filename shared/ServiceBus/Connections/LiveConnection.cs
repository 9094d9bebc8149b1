using System.Collections.Concurrent;
using Amqp;
using Amqp.Framing;
using Amqp.Sasl;
using CtSeg.ServiceBus.Authorization;

namespace CtSeg.ServiceBus.Connections;

/// <summary>One connection while it lasts: signed in as ANONYMOUS, with tokens put on <c>$cbs</c> for every entity in use and renewed before they end.</summary>
internal sealed class LiveConnection : IReopenable
{
    private const int IdleTimeoutMilliseconds = 60_000;
    private const int MaxFrameSize = 64 * 1024;
    private const ushort MaxSessions = 4096;
    /// <summary>The part of a token's life after which it is renewed.</summary>
    private const double RenewAfter = 0.75;
    // Identities keep a token and may give the same one again until shortly before its end.
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, Lazy<Task>> _authorized = new(StringComparer.OrdinalIgnoreCase);
    private readonly CancellationTokenSource _closed = new();
    private readonly Connection _connection;
    private readonly RequestLink _cbs;
    private readonly ServiceBusEndpoint _endpoint;
    private readonly ITokenSource _tokens;
    private readonly TimeProvider _time;

    private LiveConnection(Connection connection, RequestLink cbs, ServiceBusEndpoint endpoint, ITokenSource tokens, TimeProvider time)
    {
        _connection = connection;
        _cbs = cbs;
        _endpoint = endpoint;
        _tokens = tokens;
        _time = time;
    }

    public bool IsClosed => _connection.IsClosed;

    public static async Task<LiveConnection> OpenAsync(
        ServiceBusEndpoint endpoint, ITokenSource tokens, TimeProvider time, CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory();
        factory.SASL.Profile = SaslProfile.Anonymous;
        factory.TCP.NoDelay = true;
        factory.AMQP.HostName = endpoint.Host;
        factory.AMQP.ContainerId = $"ctseg-{Guid.NewGuid():N}";
        factory.AMQP.MaxFrameSize = MaxFrameSize;
        factory.AMQP.MaxSessionsPerConnection = MaxSessions;
        factory.AMQP.IdleTimeout = IdleTimeoutMilliseconds;
        var address = new Address(endpoint.Host, endpoint.Port, user: null, password: null, path: "/", scheme: endpoint.UseTls ? "amqps" : "amqp");
        // Not every step of connecting heeds the token.
        var connection = await factory.CreateAsync(address, cancellationToken).WaitAsync(cancellationToken);
        try
        {
            var cbs = await RequestLink.OpenAsync(connection, "$cbs", cancellationToken);
            return new LiveConnection(connection, cbs, endpoint, tokens, time);
        }
        catch
        {
            Links.CloseQuietly(connection);
            throw;
        }
    }

    /// <summary>A session on which links to the entity may be attached.</summary>
    public async Task<Session> OpenSessionAsync(string entity, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(entity, cancellationToken);
        return new Session(_connection);
    }

    public async Task<RequestLink> OpenRequestLinkAsync(string entity, string address, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(entity, cancellationToken);
        return await RequestLink.OpenAsync(_connection, address, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync();
        Links.CloseQuietly(_connection);
        _closed.Dispose();
    }

    private async Task AuthorizeAsync(string entity, CancellationToken cancellationToken)
    {
        var authorized = _authorized.GetOrAdd(entity, path => new Lazy<Task>(() => AuthorizeOnceAsync(path)));
        try
        {
            await authorized.Value.WaitAsync(cancellationToken);
        }
        catch when (authorized.Value.IsFaulted || authorized.Value.IsCanceled)
        {
            _authorized.TryRemove(KeyValuePair.Create(entity, authorized));
            throw;
        }
    }

    private async Task AuthorizeOnceAsync(string entity)
    {
        var expiresAt = await PutTokenAsync(entity);
        _ = RenewAsync(entity, expiresAt);
    }

    private async Task<DateTimeOffset> PutTokenAsync(string entity)
    {
        var audience = _endpoint.Audience(entity);
        var token = await _tokens.GetAsync(audience, _closed.Token);
        var properties = new ApplicationProperties { ["operation"] = "put-token", ["type"] = token.Type, ["name"] = audience };
        await _cbs.RequestAsync(properties, token.Value, _closed.Token);
        return token.ExpiresAt;
    }

    /// <summary>
    /// Renews until the connection ends. A renewal that fails is tried again while the token in use holds; then the connection ends: the next use opens
    /// another one and tells its caller what is wrong.
    /// </summary>
    private async Task RenewAsync(string entity, DateTimeOffset expiresAt)
    {
        try
        {
            while (!IsClosed)
            {
                var wait = (expiresAt - _time.GetUtcNow()) * RenewAfter;
                await Task.Delay(wait > ShortestPause ? wait : ShortestPause, _time, _closed.Token);
                try
                {
                    expiresAt = await PutTokenAsync(entity);
                }
                catch (Exception e) when (Faults.Translate(e) is not null && _time.GetUtcNow() < expiresAt && !_closed.IsCancellationRequested)
                {
                    // The identity may be out of reach for a while.
                }
            }
        }
        catch (Exception e) when (Faults.Translate(e) is not null)
        {
            Links.CloseQuietly(_connection);
        }
    }
}
