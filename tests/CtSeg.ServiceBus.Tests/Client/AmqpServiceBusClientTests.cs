using Amqp;
using Azure.Core;
using CtSeg.Local.ServiceBus;
using static CtSeg.ServiceBus.Tests.EmulatorUnderTest;

namespace CtSeg.ServiceBus.Tests.Client;

public sealed class AmqpServiceBusClientTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(200);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_Message_When_SentAndReceived_Then_AllOfItArrives()
    {
        await using var emulator = await StartAsync();
        await using var client = AmqpServiceBusClient.FromConnectionString(emulator.ConnectionString);
        await client.CreateSender(Queue).SendAsync(new OutgoingMessage("""{"slice":7}"""u8.ToArray())
        {
            MessageId = "id",
            Subject = "scan",
            CorrelationId = "cause",
            ApplicationProperties = new Dictionary<string, object> { ["traceparent"] = "00-1", ["n"] = 5 },
        }, Cancellation);

        var message = (await client.CreateReceiver(Queue).ReceiveAsync(1, Wait, Cancellation)).ShouldHaveSingleItem();

        message.Body.ToArray().ShouldBe("""{"slice":7}"""u8.ToArray());
        (message.MessageId, message.Subject, message.CorrelationId, message.ContentType).ShouldBe(("id", "scan", "cause", "application/cloudevents+json"));
        message.ApplicationProperties["traceparent"].ShouldBe("00-1");
        message.ApplicationProperties["n"].ShouldBe(5);
        message.DeliveryCount.ShouldBe(1);
        message.SequenceNumber.ShouldBe(1);
        message.LockToken.ShouldNotBe(Guid.Empty);
        message.LockedUntil.ShouldBeGreaterThan(message.EnqueuedTime);
    }

    [Fact]
    public async Task Given_ConnectionsBreakUnderDeliveries_When_LocksRunOut_Then_MessagesComeAgainAndNoneIsDeadLettered()
    {
        const int Cuts = 30;
        await using var emulator = await StartAsync(queue => queue with { LockDuration = TimeSpan.FromSeconds(1), MaxDeliveryCount = 1000 });
        await using var client = AmqpServiceBusClient.FromConnectionString(emulator.ConnectionString);
        var sender = client.CreateSender(Queue);
        var receiver = client.CreateReceiver(Queue, prefetch: 8);
        for (var cut = 0; cut < Cuts; cut++)
        {
            await sender.SendAsync(new OutgoingMessage("{}"u8.ToArray()) { MessageId = $"{cut}" }, Cancellation);
            await receiver.ReceiveAsync(1, Wait, Cancellation);
            emulator.DropConnections();
        }

        var missing = Enumerable.Range(0, Cuts).Select(cut => $"{cut}").ToHashSet();
        IReadOnlyList<ReceivedMessage> received;
        while (missing.Count > 0 && (received = await receiver.ReceiveAsync(8, Wait, Cancellation)).Count > 0)
            missing.ExceptWith(received.Select(message => message.MessageId!));

        missing.ShouldBeEmpty();
        (await client.CreateReceiver(DeadLetters).PeekAsync(1, 0, Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_MoreThanOneBatchHolds_When_Sent_Then_AllArriveInOrder()
    {
        await using var emulator = await StartAsync();
        await using var client = AmqpServiceBusClient.FromConnectionString(emulator.ConnectionString);
        var messages = Enumerable.Range(0, 60).Select(i => new OutgoingMessage(new byte[10_000]) { MessageId = $"{i}" }).ToList();
        await client.CreateSender(Queue).SendAsync(messages, Cancellation);

        var receiver = client.CreateReceiver(Queue);
        var received = new List<ReceivedMessage>();
        while (received.Count < messages.Count)
            received.AddRange(await receiver.ReceiveAsync(60, Wait, Cancellation));

        received.Select(message => message.MessageId).ShouldBe(messages.Select(message => message.MessageId));
    }

    [Fact]
    public async Task Given_EmptyQueue_When_Received_Then_NoneAndLaterMessagesGoToOthers()
    {
        await using var emulator = await StartAsync();
        await using var client = AmqpServiceBusClient.FromConnectionString(emulator.ConnectionString);
        var idle = client.CreateReceiver(Queue);
        (await idle.ReceiveAsync(10, Moment, Cancellation)).ShouldBeEmpty();
        await client.CreateSender(Queue).SendAsync(Message("1"), Cancellation);

        var message = (await client.CreateReceiver(Queue).ReceiveAsync(1, Wait, Cancellation)).ShouldHaveSingleItem();

        message.DeliveryCount.ShouldBe(1);
    }

    [Fact]
    public async Task Given_ReceivedMessages_When_SettledEachWay_Then_EachIsWhereItBelongs()
    {
        await using var emulator = await StartAsync();
        await using var client = AmqpServiceBusClient.FromConnectionString(emulator.ConnectionString);
        await client.CreateSender(Queue).SendAsync([Message("complete"), Message("abandon"), Message("defer"), Message("dead")], Cancellation);
        var receiver = client.CreateReceiver(Queue);
        var messages = await ReceiveAsync(receiver, 4);

        await receiver.CompleteAsync(messages["complete"], Cancellation);
        await receiver.AbandonAsync(messages["abandon"], Cancellation);
        await receiver.DeferAsync(messages["defer"], Cancellation);
        await receiver.DeadLetterAsync(messages["dead"], "unreadable", "not an image", Cancellation);

        var again = (await ReceiveAsync(receiver, 1))["abandon"];
        again.DeliveryCount.ShouldBe(2);
        await receiver.CompleteAsync(again, Cancellation);
        (await receiver.PeekAsync(10, 0, Cancellation)).ShouldHaveSingleItem().MessageId.ShouldBe("defer");
        var deferred = (await receiver.ReceiveDeferredAsync([messages["defer"].SequenceNumber], Cancellation)).ShouldHaveSingleItem();
        await receiver.CompleteAsync(deferred, Cancellation);
        (await receiver.PeekAsync(10, 0, Cancellation)).ShouldBeEmpty();
        var dead = (await ReceiveAsync(client.CreateReceiver(DeadLetters), 1))["dead"];
        (dead.DeadLetterReason, dead.DeadLetterErrorDescription).ShouldBe(("unreadable", "not an image"));
    }

    [Fact]
    public async Task Given_UnknownDeferredNumber_When_Received_Then_PermanentFault()
    {
        await using var emulator = await StartAsync();
        await using var client = AmqpServiceBusClient.FromConnectionString(emulator.ConnectionString);
        var receive = () => client.CreateReceiver(Queue).ReceiveDeferredAsync([99], Cancellation);

        (await receive.ShouldThrowAsync<ServiceBusException>()).IsTransient.ShouldBeFalse();
    }

    [Fact]
    public async Task Given_LockRanOut_When_SettledOrRenewed_Then_MessageLockLost()
    {
        await using var emulator = await StartAsync(settings => settings with { LockDuration = TimeSpan.FromMilliseconds(300) });
        await using var client = AmqpServiceBusClient.FromConnectionString(emulator.ConnectionString);
        await client.CreateSender(Queue).SendAsync(Message("1"), Cancellation);
        var receiver = client.CreateReceiver(Queue);
        var first = (await receiver.ReceiveAsync(1, Wait, Cancellation)).Single();
        var second = (await receiver.ReceiveAsync(1, Wait, Cancellation)).Single();

        second.DeliveryCount.ShouldBe(2);
        await ((Func<Task>)(() => receiver.CompleteAsync(first, Cancellation))).ShouldThrowAsync<MessageLockLostException>();
        await ((Func<Task>)(() => receiver.RenewLockAsync(first, Cancellation))).ShouldThrowAsync<MessageLockLostException>();
    }

    [Fact]
    public async Task Given_LockedMessage_When_Renewed_Then_TheNewEndIsLater()
    {
        await using var emulator = await StartAsync();
        await using var client = AmqpServiceBusClient.FromConnectionString(emulator.ConnectionString);
        await client.CreateSender(Queue).SendAsync(Message("1"), Cancellation);
        var receiver = client.CreateReceiver(Queue);
        var message = (await receiver.ReceiveAsync(1, Wait, Cancellation)).Single();

        (await receiver.RenewLockAsync(message, Cancellation)).ShouldBeGreaterThanOrEqualTo(message.LockedUntil);
        await receiver.CompleteAsync(message, Cancellation);
    }

    [Fact]
    public async Task Given_ReceiverWithPrefetch_When_Disposed_Then_PrefetchedMessagesComeBack()
    {
        // At once where they are released before the link ends, else when their locks run out.
        await using var emulator = await StartAsync(queue => queue with { LockDuration = TimeSpan.FromSeconds(1) });
        await using var client = AmqpServiceBusClient.FromConnectionString(emulator.ConnectionString);
        await client.CreateSender(Queue).SendAsync([Message("1"), Message("2"), Message("3")], Cancellation);
        var first = client.CreateReceiver(Queue, prefetch: 10);
        await first.CompleteAsync((await first.ReceiveAsync(1, Wait, Cancellation)).Single(), Cancellation);
        await first.DisposeAsync();

        var messages = await ReceiveAsync(client.CreateReceiver(Queue), 2);

        messages.Keys.ShouldBe(["2", "3"], ignoreOrder: true);
    }

    [Fact]
    public async Task Given_WrongKey_When_Sent_Then_RefusedAtOnce()
    {
        await using var emulator = await StartAsync();
        var wrong = emulator.ConnectionString.Replace("SharedAccessKey=", "SharedAccessKey=x", StringComparison.Ordinal);
        await using var client = AmqpServiceBusClient.FromConnectionString(wrong);
        var send = () => client.CreateSender(Queue).SendAsync(Message("1"), Cancellation);

        var fault = await send.ShouldThrowAsync<ServiceBusException>();

        fault.IsTransient.ShouldBeFalse();
        fault.Message.ShouldContain("unauthorized");
    }

    [Fact]
    public async Task Given_UnknownQueue_When_Received_Then_PermanentFaultNamesIt()
    {
        await using var emulator = await StartAsync();
        await using var client = AmqpServiceBusClient.FromConnectionString(emulator.ConnectionString);
        var receive = () => client.CreateReceiver("nowhere").ReceiveAsync(1, Moment, Cancellation);

        var fault = await receive.ShouldThrowAsync<ServiceBusException>();

        fault.IsTransient.ShouldBeFalse();
        fault.Message.ShouldContain("'nowhere'");
    }

    [Fact]
    public async Task Given_NobodyListens_When_Sent_Then_TransientFaultAfterTheLastTry()
    {
        string connectionString;
        await using (var emulator = await StartAsync())
            connectionString = emulator.ConnectionString;
        var options = new ServiceBusClientOptions { MaxAttempts = 3, FirstDelay = TimeSpan.FromMilliseconds(1) };
        await using var client = AmqpServiceBusClient.FromConnectionString(connectionString, options);
        var send = () => client.CreateSender(Queue).SendAsync(Message("1"), Cancellation);

        (await send.ShouldThrowAsync<ServiceBusException>()).IsTransient.ShouldBeTrue();
    }

    [Fact]
    public async Task Given_EntraIdentity_When_Sent_Then_ItsTokenIsPutAsJwtForTheServicesScope()
    {
        await using var emulator = await StartAsync(acceptUnsignedTokens: true);
        var identity = new Identity();
        await using var client = AmqpServiceBusClient.Create(new ServiceBusEndpoint("127.0.0.1", emulator.Port, UseTls: false), identity, options: null);
        await client.CreateSender(Queue).SendAsync(Message("1"), Cancellation);

        (await ReceiveAsync(client.CreateReceiver(Queue), 1)).ShouldContainKey("1");
        identity.Scopes.ShouldAllBe(scope => scope == "https://servicebus.azure.net/.default");
    }

    [Fact]
    public async Task Given_WebToken_When_EmulatorWasNotToldToAcceptThem_Then_Refused()
    {
        await using var emulator = await StartAsync();
        await using var client = AmqpServiceBusClient.Create(new ServiceBusEndpoint("127.0.0.1", emulator.Port, UseTls: false), new Identity(), options: null);
        var send = () => client.CreateSender(Queue).SendAsync(Message("1"), Cancellation);

        (await send.ShouldThrowAsync<ServiceBusException>()).IsTransient.ShouldBeFalse();
    }

    [Fact]
    public async Task Given_TokensOfTwoSeconds_When_LinksStayOpenLonger_Then_RenewedWithoutReconnecting()
    {
        await using var emulator = await StartAsync();
        await using var client = AmqpServiceBusClient.FromConnectionString(
            emulator.ConnectionString, new ServiceBusClientOptions { TokenLifetime = TimeSpan.FromSeconds(2) });
        var sender = client.CreateSender(Queue);
        var receiver = client.CreateReceiver(Queue);
        await sender.SendAsync(Message("first"), Cancellation);
        await ReceiveAsync(receiver, 1);
        var started = TimeProvider.System.GetTimestamp();

        while (TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(5))
        {
            await sender.SendAsync(Message("again"), Cancellation);
            var message = (await receiver.ReceiveAsync(1, Wait, Cancellation)).Single();
            await receiver.CompleteAsync(message, Cancellation);
        }

        emulator.ConnectionsAccepted.ShouldBe(1);
    }

    [Fact]
    public async Task Given_BodiesAsValues_When_Received_Then_TextAndBinaryAreRead()
    {
        await using var emulator = await StartAsync();
        await using var client = AmqpServiceBusClient.FromConnectionString(emulator.ConnectionString);
        await client.CreateSender(Queue).SendAsync(Message("opens the connection"), Cancellation);
        emulator.Store.TryGetQueue(Queue, out var queue).ShouldBeTrue();
        foreach (var body in new object[] { "text", new byte[] { 1, 2, 3 } })
            queue.Enqueue(CtSeg.Local.ServiceBus.Protocol.WireMessage.ToContent(new Message { BodySection = new Amqp.Framing.AmqpValue { Value = body } }).Content);

        var received = new List<ReceivedMessage>();
        while (received.Count < 3)
            received.AddRange(await client.CreateReceiver(Queue).ReceiveAsync(3, Wait, Cancellation));

        received[1].Body.ToArray().ShouldBe("text"u8.ToArray());
        received[2].Body.ToArray().ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task Given_AHundredForcedDisconnects_When_SendingAndReceiving_Then_NothingIsLost()
    {
        var result = await new CtSeg.Local.Bench.ServiceBusBench(TimeProvider.System).RunAsync(messages: 500, disconnects: 100, Cancellation);

        result.MessagesOverDisconnects.ShouldBe(200);
        result.Lost.ShouldBe(0);
    }

    [Fact]
    public async Task Given_EmulatorStopped_When_AllClientsAreGone_Then_NoConnectionIsLeft()
    {
        await using var emulator = await StartAsync();
        await using (var client = AmqpServiceBusClient.FromConnectionString(emulator.ConnectionString))
            await client.CreateSender(Queue).SendAsync(Message("1"), Cancellation);

        await UntilAsync("all connections closed", () => emulator.ConnectionCount == 0);
    }

    [Fact]
    public async Task Given_PortInUse_When_EmulatorStarts_Then_SaysSo()
    {
        await using var emulator = await StartAsync();
        var start = () => ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions(new([new(Queue)])) { Port = emulator.Port }, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, Cancellation);

        (await start.ShouldThrowAsync<ServiceBusEmulatorException>()).Message.ShouldContain($"{emulator.Port}");
    }

    private static async Task<Dictionary<string, ReceivedMessage>> ReceiveAsync(IMessageReceiver receiver, int count)
    {
        var messages = new Dictionary<string, ReceivedMessage>();
        while (messages.Count < count)
        {
            var received = await receiver.ReceiveAsync(count - messages.Count, Wait, Cancellation);
            received.ShouldNotBeEmpty();
            foreach (var message in received)
                messages.Add(message.MessageId!, message);
        }
        return messages;
    }

    private sealed class Identity : TokenCredential
    {
        public List<string> Scopes { get; } = [];

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            Scopes.AddRange(requestContext.Scopes);
            var expiresOn = TimeProvider.System.GetUtcNow().AddHours(1);
            var claims = $$"""{"aud":"https://servicebus.azure.net","exp":{{expiresOn.ToUnixTimeSeconds()}}}""";
            return new AccessToken($"e30.{System.Buffers.Text.Base64Url.EncodeToString(System.Text.Encoding.UTF8.GetBytes(claims))}.c2ln", expiresOn);
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            ValueTask.FromResult(GetToken(requestContext, cancellationToken));
    }
}
