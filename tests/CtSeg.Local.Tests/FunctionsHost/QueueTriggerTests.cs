using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Newtonsoft.Json.Linq;

namespace CtSeg.Local.Tests.FunctionsHost;

/// <summary>The storage queue trigger against Azurite.</summary>
public sealed class QueueTriggerTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GivenAQueueThatComesIntoBeingLater_WhenAMessageArrives_ThenItIsHandledDeletedAndRelayed()
    {
        (TestHost host, QueueClient queue, QueueClient output) = await CreateAsync();
        await using TestHost _ = host;
        await output.CreateAsync(cancellationToken: Cancel);
        host.Handler.Answer = _ => Task.FromResult(ScriptedAnswer.Json("""{"Outputs":{"next":"plain text"}}"""));
        await host.StartAsync();

        await queue.CreateAsync(cancellationToken: Cancel);
        await queue.SendMessageAsync("""{"BlobName":"a"}""", Cancel);
        JObject body = JObject.Parse((await host.Handler.NextAsync()).Text);

        ((string?)body["Data"]!["message"]).ShouldBe("\"{\\\"BlobName\\\":\\\"a\\\"}\"");
        ((string?)body["Metadata"]!["DequeueCount"]).ShouldBe("1");
        ((string?)body["Metadata"]!["BlobName"]).ShouldBe("\"a\"");
        await EmptyAsync(queue);
        (await output.ReceiveMessageAsync(cancellationToken: Cancel)).Value.Body.ToString().ShouldBe("plain text");
    }

    [Fact]
    public async Task GivenAMessageThatAlwaysFails_WhenTriedFiveTimes_ThenItMovesToThePoisonQueue()
    {
        (TestHost host, QueueClient queue, QueueClient _) = await CreateAsync();
        await using TestHost __ = host;
        host.Handler.Answer = _ => Task.FromResult(ScriptedAnswer.Json("{}", status: 500));
        await queue.CreateAsync(cancellationToken: Cancel);
        await queue.SendMessageAsync("bad", Cancel);
        QueueClient poison = Open(await azurite.ConnectAsync(), queue.Name + "-poison");

        await host.StartAsync();

        for (int count = 1; count <= 5; count++)
            ((string?)JObject.Parse((await host.Handler.NextAsync()).Text)["Metadata"]!["DequeueCount"]).ShouldBe($"{count}");
        await EmptyAsync(queue);
        QueueMessage message = await poison.ReceiveMessageAsync(cancellationToken: Cancel);
        message.Body.ToString().ShouldBe("bad");
        host.Handler.HasMore.ShouldBeFalse();
    }

    private async Task<(TestHost, QueueClient, QueueClient)> CreateAsync()
    {
        string connection = await azurite.ConnectAsync();
        string name = azurite.Name("queue");
        TestHost host = await TestHost.CreateAsync(null, ("Record", $$"""
            {"bindings":[{"type":"queueTrigger","direction":"in","name":"message","queueName":"{{name}}","connection":"AzureWebJobsStorage"},
                         {"type":"queue","direction":"out","name":"next","queueName":"{{name}}-out","connection":"AzureWebJobsStorage"}]}
            """));
        host.Settings["AzureWebJobsStorage"] = connection;
        return (host, Open(connection, name), Open(connection, name + "-out"));
    }

    private static QueueClient Open(string connection, string name) => new(connection, name, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });

    private static Task EmptyAsync(QueueClient queue) => Eventually.TrueAsync(
        async () => (await queue.GetPropertiesAsync(Cancel)).Value.ApproximateMessagesCount == 0,
        "the queue is empty");
}
