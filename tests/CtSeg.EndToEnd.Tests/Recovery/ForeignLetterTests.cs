using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.ServiceBus;
using CtSeg.TrainingRuns;

namespace CtSeg.EndToEnd.Tests.Recovery;

/// <summary>Letters that nobody can read, on a real connection: they can be held, passed and discarded.</summary>
[Collection(SerialCollection.Name)]
public sealed class ForeignLetterTests
{
    // More than are received at once.
    private const int Foreign = 130;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Given_ManyLettersThatNobodyCanRead_When_ReplayedAndDiscarded_Then_WhatLiesBehindThemIsReachedAndOnlyTheNamedOnesGo()
    {
        await using var stack = await RunningStack.StartAsync(options => options with { StartJob = false });
        await LeaveAsync(stack);
        (await ListAsync(stack)).GetProperty("count").GetInt32().ShouldBe(Foreign + 1);

        using (var replay = CommandRun.OfJob(stack.Local, "dead-letters", "replay"))
            (await replay.EndAsync()).ShouldBe(1, replay.Said());

        // The run is not there: its request goes.
        var list = await ListAsync(stack);
        list.GetProperty("count").GetInt32().ShouldBe(Foreign);
        var ids = list.GetProperty("letters").EnumerateArray().Select(letter => letter.GetProperty("id").GetString()!).ToList();
        string[] arguments = ["dead-letters", "discard", ids[^1], ids[0], "--reason", "a test"];
        foreach (var _ in (string[])["first", "repeated"])
        {
            using var discard = CommandRun.OfJob(stack.Local, arguments);
            (await discard.EndAsync()).ShouldBe(0, discard.Said());
        }
        (await ListAsync(stack)).GetProperty("letters").EnumerateArray().Select(letter => letter.GetProperty("id").GetString()!)
            .ShouldBe(ids.Except([ids[0], ids[^1]]), ignoreOrder: true);
    }

    private static async Task LeaveAsync(RunningStack stack)
    {
        await using var client = stack.OpenServiceBus();
        await using var sender = client.CreateSender(Queues.TrainingRequests);
        await using var receiver = client.CreateReceiver(Queues.TrainingRequests);
        var request = TrainingEvents.Requested("20261123-150000-aaaaaa", 1, "/test", TimeProvider.System.GetUtcNow().UtcDateTime);
        await sender.SendAsync(
            [
                .. Enumerable.Range(0, Foreign).Select(number => new OutgoingMessage("hello"u8.ToArray()) { MessageId = $"x{number}" }),
                new OutgoingMessage(JsonSerializer.SerializeToUtf8Bytes(request, ContractsJson.Default.CloudEventTrainingRequested)) { MessageId = request.Id },
            ],
            Cancel);
        for (var left = Foreign + 1; left > 0;)
            foreach (var message in await receiver.ReceiveAsync(100, TimeSpan.FromSeconds(30), Cancel))
            {
                await receiver.DeadLetterAsync(message, "unreadable-message", "It is none.", Cancel);
                left--;
            }
    }

    private static async Task<JsonElement> ListAsync(RunningStack stack)
    {
        using var list = CommandRun.OfJob(stack.Local, "dead-letters", "list", "--letters", "--json");
        (await list.EndAsync()).ShouldBe(0, list.Said());
        return JsonSerializer.Deserialize<JsonElement>(list.Said());
    }
}
