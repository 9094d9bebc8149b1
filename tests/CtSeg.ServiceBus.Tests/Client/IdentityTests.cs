using Azure.Core;
using Azure.Identity;
using CtSeg.Local.Identity;
using CtSeg.Local.ServiceBus;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using static CtSeg.ServiceBus.Tests.EmulatorUnderTest;

namespace CtSeg.ServiceBus.Tests.Client;

/// <summary>Our client and an emulator that takes signed tokens only.</summary>
public sealed class IdentityTests : IDisposable
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(20);
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly TokenIssuer _issuer;
    private readonly TokensOnly _clock;

    public IdentityTests()
    {
        _issuer = new TokenIssuer(TimeSpan.FromHours(24), _time);
        _clock = new TokensOnly(_time);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _issuer.Dispose();

    [Fact]
    public async Task Given_AnIdentity_When_SentAndReceived_Then_ItIsLetIn()
    {
        await using var emulator = await StartAsync();
        await using var client = Client(emulator, new Identity(_issuer, _time));

        await SendAndReceiveAsync(client);

        emulator.ConnectionString.ShouldBe($"Endpoint=sb://127.0.0.1:{emulator.Port}/");
    }

    [Fact]
    public async Task Given_AKey_When_Sent_Then_RefusedForGood()
    {
        await using var emulator = await StartAsync();
        await using var client = AmqpServiceBusClient.FromConnectionString(
            $"Endpoint=sb://127.0.0.1:{emulator.Port};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=a2V5;UseDevelopmentEmulator=true;");

        await ShouldBeRefusedAsync(client, "sastoken");
    }

    [Fact]
    public async Task Given_TokensOfSomebodyElse_When_Sent_Then_RefusedForGood()
    {
        await using var emulator = await StartAsync();
        using var other = new TokenIssuer(TimeSpan.FromHours(1), _time);
        await using var client = Client(emulator, new Identity(other, _time));

        await ShouldBeRefusedAsync(client, "not signed with a known key");
    }

    [Fact]
    public async Task Given_AnExpiredToken_When_Sent_Then_RefusedForGood()
    {
        await using var emulator = await StartAsync();
        var identity = new Identity(_issuer, _time) { KeepsForEver = true };
        identity.GetToken(default, Cancellation);
        _time.Advance(TimeSpan.FromHours(24));
        await using var client = Client(emulator, identity);

        await ShouldBeRefusedAsync(client, "expired");
    }

    [Fact]
    public async Task Given_AnIdentityThatKeepsItsTokens_When_LinksStayOpenForTwoDays_Then_TheConnectionLastsAndIsSeldomAsked()
    {
        await using var emulator = await StartAsync();
        var identity = new Identity(_issuer, _time);
        await using var client = Client(emulator, identity);
        var sender = client.CreateSender(Queue);
        var receiver = client.CreateReceiver(Queue);
        await PassOnAsync(sender, receiver, "first");
        var renewals = _clock.Waiting;

        for (var (hours, end) = (0, _time.GetUtcNow().AddHours(48)); _time.GetUtcNow() < end;)
        {
            _time.Advance(identity.EndsAt - _time.GetUtcNow() > TimeSpan.FromMinutes(10) ? TimeSpan.FromMinutes(2) : TimeSpan.FromSeconds(30));
            await UntilAsync("what is due to be done", () => _clock.Waiting == renewals);
            // The identity gives a new token in the last five minutes: long before the end the client must have asked.
            (identity.EndsAt - _time.GetUtcNow()).ShouldBeGreaterThan(TimeSpan.FromMinutes(1));
            if ((end - _time.GetUtcNow()).Hours != hours)
                await PassOnAsync(sender, receiver, $"hour {hours = (end - _time.GetUtcNow()).Hours} of {_time.GetUtcNow():u}");
        }

        emulator.ConnectionsAccepted.ShouldBe(1);
        identity.Asked.ShouldBeInRange(3, 40);
    }

    [Fact]
    public async Task Given_TheIdentityIsOutOfReach_When_ATokenIsRenewed_Then_TriedAgainBeforeItsEnd()
    {
        await using var emulator = await StartAsync();
        var identity = new Identity(_issuer, _time);
        await using var client = Client(emulator, identity);
        var sender = client.CreateSender(Queue);
        var receiver = client.CreateReceiver(Queue);
        await PassOnAsync(sender, receiver, "first");
        var asked = identity.Asked;
        identity.IsOutOfReach = true;
        _time.Advance(TimeSpan.FromHours(18) + TimeSpan.FromSeconds(1));
        await UntilAsync("a renewal that fails", () => identity.Asked > asked);
        await PassOnAsync(sender, receiver, "with the token in use");

        identity.IsOutOfReach = false;
        asked = identity.Asked;
        await UntilAsync("another try", () =>
        {
            if (identity.Asked == asked)
                _time.Advance(TimeSpan.FromMinutes(1));
            return identity.Asked > asked;
        });
        await PassOnAsync(sender, receiver, "last");

        emulator.ConnectionsAccepted.ShouldBe(1);
    }

    [Fact]
    public async Task Given_NoRenewal_When_TheTokenEnds_Then_TheLinksEndAsUnauthorised()
    {
        await using var emulator = await StartAsync();
        var connection = await new Amqp.ConnectionFactory { SASL = { Profile = Amqp.Sasl.SaslProfile.Anonymous } }.CreateAsync(new Amqp.Address($"amqp://127.0.0.1:{emulator.Port}"));
        var session = new Amqp.Session(connection);
        var cbs = new Amqp.SenderLink(session, "cbs", "$cbs");
        var replies = new Amqp.ReceiverLink(session, "replies", new Amqp.Framing.Attach
        {
            Source = new Amqp.Framing.Source { Address = "$cbs" },
            Target = new Amqp.Framing.Target { Address = "me" },
        }, null);
        var request = new Amqp.Message(_issuer.Issue("https://servicebus.azure.net").Value)
        {
            Properties = new Amqp.Framing.Properties { MessageId = "1", ReplyTo = "me" },
            ApplicationProperties = new Amqp.Framing.ApplicationProperties { ["operation"] = "put-token", ["type"] = "jwt", ["name"] = $"sb://127.0.0.1/{Queue}" },
        };
        await cbs.SendAsync(request);
        (await replies.ReceiveAsync(Wait)).ApplicationProperties["status-code"].ShouldBe(202);
        var receiver = new Amqp.ReceiverLink(session, "jobs", Queue);
        receiver.SetCredit(1);
        await UntilAsync("an open link", () => receiver.LinkState == Amqp.LinkState.Attached);

        _time.Advance(TimeSpan.FromHours(24) + TimeSpan.FromSeconds(1));

        await UntilAsync("a closed link", () => receiver.IsClosed);
        receiver.Error.Condition.ToString().ShouldBe("amqp:unauthorized-access");
        await connection.CloseAsync();
    }

    private Task<ServiceBusEmulator> StartAsync() => ServiceBusEmulator.StartAsync(
        new ServiceBusEmulatorOptions(new([new(Queue) { LockDuration = TimeSpan.FromMinutes(5) }])) { RequiredIssuer = _issuer.Trust }, _time, NullLogger.Instance, Cancellation);

    private AmqpServiceBusClient Client(ServiceBusEmulator emulator, TokenCredential identity) => AmqpServiceBusClient.Create(
        new ServiceBusEndpoint("127.0.0.1", emulator.Port, UseTls: false), identity, new ServiceBusClientOptions { TimeProvider = _clock });

    private static async Task SendAndReceiveAsync(AmqpServiceBusClient client) => await PassOnAsync(client.CreateSender(Queue), client.CreateReceiver(Queue), "1");

    private static async Task PassOnAsync(IMessageSender sender, IMessageReceiver receiver, string id)
    {
        await sender.SendAsync(Message(id), Cancellation);
        var message = (await receiver.ReceiveAsync(1, Wait, Cancellation)).ShouldHaveSingleItem();
        message.MessageId.ShouldBe(id);
        await receiver.CompleteAsync(message, Cancellation);
    }

    private static async Task ShouldBeRefusedAsync(AmqpServiceBusClient client, string why)
    {
        var send = () => client.CreateSender(Queue).SendAsync(Message("1"), Cancellation);
        var refused = await send.ShouldThrowAsync<ServiceBusException>();
        refused.IsTransient.ShouldBeFalse();
        refused.Message.ShouldContain("amqp:unauthorized-access");
        refused.Message.ShouldContain(why);
    }

    /// <summary>The time of tokens is the test's, that of waiting for answers the machine's: waits of hours belong to tokens.</summary>
    private sealed class TokensOnly(TimeProvider tokens) : TimeProvider
    {
        private static readonly TimeSpan LongestOfMachine = TimeSpan.FromSeconds(30);
        private int _waiting;

        /// <value>Waits of tokens that are not over.</value>
        public int Waiting => Volatile.Read(ref _waiting);

        public override DateTimeOffset GetUtcNow() => tokens.GetUtcNow();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime <= LongestOfMachine)
                return System.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref _waiting);
            return tokens.CreateTimer(
                given =>
                {
                    Interlocked.Decrement(ref _waiting);
                    callback(given);
                },
                state, dueTime, period);
        }
    }

    /// <summary>As managed identities do: the same token until five minutes before its end.</summary>
    private sealed class Identity(TokenIssuer issuer, TimeProvider time) : TokenCredential
    {
        private readonly Lock _gate = new();
        private IssuedToken? _kept;
        private int _asked;

        public bool KeepsForEver { get; init; }

        public volatile bool IsOutOfReach;

        public int Asked => Volatile.Read(ref _asked);

        public DateTimeOffset EndsAt
        {
            get
            {
                lock (_gate)
                    return _kept!.ExpiresAt;
            }
        }

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            if (IsOutOfReach)
                throw new CredentialUnavailableException("The identity endpoint does not answer.");
            lock (_gate)
            {
                if (_kept is null || (!KeepsForEver && _kept.ExpiresAt - time.GetUtcNow() < TimeSpan.FromMinutes(5)))
                    _kept = issuer.Issue("https://servicebus.azure.net");
                return new AccessToken(_kept.Value, _kept.ExpiresAt);
            }
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            ValueTask.FromResult(GetToken(requestContext, cancellationToken));
    }
}
