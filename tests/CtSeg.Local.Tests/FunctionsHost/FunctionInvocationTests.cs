using System.Text;
using CtSeg.ServiceBus;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.Local.Tests.FunctionsHost;

/// <summary>Whole invocations, seen from a scripted handler and a Service Bus in memory.</summary>
public sealed class FunctionInvocationTests
{
    [Fact]
    public async Task GivenAMessage_WhenDelivered_ThenTheRequestIsAsTheRealHostsAndTheMessageIsCompleted()
    {
        await using TestHost test = await TestHost.CreateAsync(null, ("Relay", TestHost.Relay));
        await test.StartAsync();

        test.Bus.Deliver("requests", TestHost.Message("""{"a":1}"""));
        SeenRequest request = await test.Handler.NextAsync();

        (request.Method, request.Target).ShouldBe(("POST", "/Relay"));
        request.Headers.ContentType.ToString().ShouldBe("application/json; charset=utf-8");
        request.Headers.TransferEncoding.ToString().ShouldBe("chunked");
        request.Headers.ContentLength.ShouldBeNull();
        Guid.TryParse(request.Headers["X-Azure-Functions-InvocationId"], out _).ShouldBeTrue();
        request.Headers["X-Azure-Functions-HostVersion"].ToString().ShouldStartWith("4.");
        request.Text.ShouldStartWith("""{"Data":{"msg":"\"{\\\"a\\\":1}\""},"Metadata":{"DeliveryCount":"1","MessageId":"\"abc\"",""");
        (await test.Bus.NextSettledAsync()).How.ShouldBe("complete");
    }

    public static TheoryData<string, int, string?, string, string> Table() => InvocationAnswerTests.Table();

    [Theory]
    [MemberData(nameof(Table))]
    public async Task GivenAnAnswerOfTheTable_WhenItComes_ThenTheMessageIsSettledAccordingly(string name, int status, string? contentType, string body, string outcome)
    {
        await using TestHost test = await TestHost.CreateAsync(null, ("Relay", TestHost.Relay));
        FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 23, 15, 0, 0, TimeSpan.Zero));
        test.Time = time;
        test.Handler.Answer = _ => Task.FromResult(new ScriptedAnswer(status, contentType, Fixtures.Bytes("answers/" + body)));
        await test.StartAsync();

        test.Bus.Deliver("requests", TestHost.Message("x"));
        await test.Handler.NextAsync();

        if (outcome == "hang")
        {
            // The host has read the answer and waits; only functionTimeout ends that.
            await Eventually.TrueAsync(() => test.Log.Has(3013), "the host says that there is no result");
            Task<(string How, ReceivedMessage)> settled = test.Bus.NextSettledAsync();
            time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
            test.Log.Has(3012).ShouldBeFalse(name);
            settled.IsCompleted.ShouldBeFalse(name);
            time.Advance(TimeSpan.FromSeconds(2));
            (await settled).How.ShouldBe("abandon", name);
        }
        else
        {
            (await test.Bus.NextSettledAsync()).How.ShouldBe(outcome == "done" ? "complete" : "abandon", name);
        }

        test.Bus.Sent.Reader.TryPeek(out _).ShouldBeFalse(name);
    }

    [Fact]
    public async Task GivenAnArrayAsOutput_WhenAnswered_ThenSeveralMessagesWithoutIdAreSent()
    {
        (string Queue, OutgoingMessage Message)[] sent = await SentAsync("output-array.json", 3);

        sent.Select(s => s.Queue).ShouldAllBe(queue => queue == "done");
        sent.Select(s => Encoding.UTF8.GetString(s.Message.Body.Span)).ShouldBe(["{\n  \"n\": 1\n}", "{\n  \"n\": 2\n}", "three!"]);
        sent.ShouldAllBe(s => s.Message.MessageId == null && s.Message.Subject == null && s.Message.ApplicationProperties.Count == 0);
    }

    [Fact]
    public async Task GivenABase64LookingOutput_WhenAnswered_ThenItsBytesAreSent() =>
        (await SentAsync("output-base64-looking.json", 1))[0].Message.Body.ToArray().ShouldBe(Convert.FromBase64String("abcd"));

    [Fact]
    public async Task GivenABinaryBinding_WhenTheOutputLooksLikeBase64_ThenItsTextIsSent()
    {
        string binary = TestHost.Relay.Replace("\"queueName\":\"done\"", "\"queueName\":\"done\",\"dataType\":\"binary\"", StringComparison.Ordinal);

        Encoding.UTF8.GetString((await SentAsync("output-base64-looking.json", 1, binary))[0].Message.Body.Span).ShouldBe("abcd");
    }

    [Fact]
    public async Task GivenAReturnValue_WhenTheOutputIsCalledReturn_ThenItIsSent()
    {
        string returning = TestHost.Relay.Replace("\"message\"", "\"$return\"", StringComparison.Ordinal);

        Encoding.UTF8.GetString((await SentAsync("output-return.json", 1, returning))[0].Message.Body.Span).ShouldBe("{\n  \"id\": \"r1\"\n}");
    }

    [Fact]
    public async Task GivenAHandlerThatRefusesLargeBodies_WhenTheBodyIsTooLarge_ThenTheInvocationFails()
    {
        await using TestHost test = await TestHost.CreateAsync(null, ("Relay", TestHost.Relay));
        test.Handler.Raw = context =>
        {
            context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = 1000;
            return context.Request.Body.CopyToAsync(Stream.Null);
        };
        await test.StartAsync();

        test.Bus.Deliver("requests", TestHost.Message(new string('x', 2000)));

        (await test.Bus.NextSettledAsync()).How.ShouldBe("abandon");
    }

    [Fact]
    public async Task GivenConcurrentMessages_WhenDelivered_ThenNoMoreRunThanConfigured()
    {
        await using TestHost test = await TestHost.CreateAsync(null, ("Relay", TestHost.Relay));
        TaskCompletionSource<ScriptedAnswer> gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        test.Handler.Answer = _ => gate.Task;
        await test.StartAsync();

        for (int i = 0; i < 4; i++)
            test.Bus.Deliver("requests", TestHost.Message("x"));
        await test.Handler.NextAsync();
        await test.Handler.NextAsync();
        gate.SetResult(ScriptedAnswer.Json("{}"));
        for (int i = 0; i < 4; i++)
            (await test.Bus.NextSettledAsync()).How.ShouldBe("complete");
        test.Bus.MostInHand.ShouldBe(2);
    }

    [Fact]
    public async Task GivenALongInvocation_WhenHalfTheLockHasPassed_ThenItIsRenewed()
    {
        await using TestHost test = await TestHost.CreateAsync(null, ("Relay", TestHost.Relay));
        FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 23, 15, 0, 0, TimeSpan.Zero));
        test.Time = time;
        TaskCompletionSource<ScriptedAnswer> gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        test.Handler.Answer = _ => gate.Task;
        await test.StartAsync();
        test.Bus.Deliver("requests", TestHost.Message("x") with { LockedUntil = time.GetUtcNow().AddSeconds(30) });
        await test.Handler.NextAsync();

        time.Advance(TimeSpan.FromSeconds(14));
        test.Bus.Renewals.ShouldBe(0);
        time.Advance(TimeSpan.FromSeconds(2));

        await Eventually.TrueAsync(() => test.Bus.Renewals == 1, "the lock is renewed");
        gate.SetResult(ScriptedAnswer.Json("{}"));
        (await test.Bus.NextSettledAsync()).How.ShouldBe("complete");
    }

    [Fact]
    public async Task GivenAStoppingHost_WhenAnInvocationDoesNotEnd_ThenItsMessageIsGivenBackAndTheHandlerKilled()
    {
        await using TestHost test = await TestHost.CreateAsync(null, ("Relay", TestHost.Relay));
        TaskCompletionSource<ScriptedAnswer> never = new();
        test.Handler.Answer = _ => never.Task;
        await using (await test.StartAsync())
        {
            test.Bus.Deliver("requests", TestHost.Message("x"));
            await test.Handler.NextAsync();
        }

        (await test.Bus.NextSettledAsync()).How.ShouldBe("abandon");
        test.Handler.Processes.Single().IsKilled.ShouldBeTrue();
        never.SetResult(ScriptedAnswer.Json("{}"));
    }

    private static async Task<(string Queue, OutgoingMessage Message)[]> SentAsync(string answer, int count, string function = TestHost.Relay)
    {
        await using TestHost test = await TestHost.CreateAsync(null, ("Relay", function));
        test.Handler.Answer = _ => Task.FromResult(ScriptedAnswer.Json(Fixtures.Text("answers/" + answer)));
        await test.StartAsync();
        test.Bus.Deliver("requests", TestHost.Message("x"));
        (await test.Bus.NextSettledAsync()).How.ShouldBe("complete");
        List<(string, OutgoingMessage)> sent = [];
        while (test.Bus.Sent.Reader.TryRead(out (string, OutgoingMessage) message))
            sent.Add(message);
        sent.Count.ShouldBe(count);
        return [.. sent];
    }
}
