using System.Text;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues.Models;
using CtSeg.Local.FunctionsHost;
using CtSeg.ServiceBus;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Newtonsoft.Json.Linq;

namespace CtSeg.Local.Tests.FunctionsHost;

/// <summary>The bodies of all triggers against the fixtures, byte for byte.</summary>
public sealed class InvocationBodyTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.Parse("2026-11-23T15:12:05.9974814Z", System.Globalization.CultureInfo.InvariantCulture);
    private const string Storage = "UseDevelopmentStorage=true";

    private readonly FakeTimeProvider _time = new(Now);

    [Theory]
    [InlineData("binary", "blob-binary.json")]
    [InlineData("string", "blob-text.json")]
    public void GivenABlob_WhenDescribed_ThenTheBodyIsTheFixture(string dataType, string fixture)
    {
        (FunctionApp app, FunctionDefinition function) = App("PreprocessSlice", $$"""
            {"bindings":[{"type":"blobTrigger","direction":"in","name":"slice","path":"slices/{name}","dataType":"{{dataType}}","source":"LogsAndContainerScan"}]}
            """);
        BlobTrigger trigger = new(function, app, Options, Invoker(app), _time, NullLogger.Instance);
        BlobDownloadDetails details = BlobsModelFactory.BlobDownloadDetails(
            blobType: BlobType.Block,
            contentLength: 6,
            contentType: "application/dicom",
            contentHash: Convert.FromBase64String("j2cAuhWHy3NFv3Ofz36xJg=="),
            lastModified: new DateTimeOffset(2026, 11, 23, 15, 12, 5, TimeSpan.Zero),
            metadata: new Dictionary<string, string> { ["study"] = "s1" },
            eTag: new Azure.ETag("0x1"));

        TriggerData data = trigger.Describe(
            [0, 1, 2, 0xFF, 0xFE, 0x80],
            new Uri("http://127.0.0.1:21000/devstoreaccount1/slices/case1/slice-001.dcm"),
            details,
            new BlobPath("slices/{name}").Match("case1/slice-001.dcm")!);

        ShouldBe(InvocationBody.Write("slice", data), fixture);
    }

    [Fact]
    public void GivenATimerWithAPast_WhenDescribed_ThenTheBodyIsTheFixture()
    {
        TimerTrigger trigger = Timer();
        DateTimeOffset last = new(2026, 11, 23, 15, 5, 0, TimeSpan.Zero);

        TriggerData data = trigger.Describe(new ScheduleStatus(last, last, last.AddMinutes(5)), isPastDue: false, retry: 0, lastError: null);

        ShouldBe(InvocationBody.Write("timer", data), "timer.json");
    }

    [Fact]
    public void GivenATimerThatNeverRan_WhenDescribed_ThenItsStatusIsNull() =>
        ShouldBe(InvocationBody.Write("timer", Timer().Describe(status: null, isPastDue: false, retry: 0, lastError: null)), "timer-first.json");

    [Fact]
    public void GivenARetriedTimer_WhenDescribed_ThenTheRetryContextIsThere() =>
        ShouldBe(InvocationBody.Write("timer", Timer().Describe(status: null, isPastDue: false, retry: 1, lastError: "ReconcileScans: the handler answered 500.")), "timer-retry.json");

    [Fact]
    public void GivenAServiceBusMessagesOwnProperties_WhenWritten_ThenTheBodyIsTheFixture()
    {
        TriggerData data = new("""{"a":1}""",
        [
            new("DeliveryCount", 1),
            new("MessageId", "abc"),
            new("SequenceNumber", 12L),
            new("EnqueuedTimeUtc", new DateTime(2026, 11, 23, 15, 12, 6, 789, DateTimeKind.Utc)),
        ]);

        ShouldBe(InvocationBody.Write("msg", data), "service-bus.json");
    }

    [Fact]
    public void GivenAServiceBusMessage_WhenDescribed_ThenItsBodysPropertiesAreMerged()
    {
        ReceivedMessage message = TestHost.Message("""{"a":1,"who":"radiologist","when":"2026-11-23T15:12:06Z","data":{"scan":"s1"},"many":[1,2],"none":null,"yes":true}""");

        ShouldBe(InvocationBody.Write("msg", ServiceBus().Describe(message)), "service-bus-merged.json");
    }

    [Fact]
    public void GivenADeadLetter_WhenDescribed_ThenItsReasonIsAnApplicationProperty()
    {
        ReceivedMessage message = TestHost.Message("text") with { DeadLetterReason = "bad-image", DeadLetterErrorDescription = "No pixels." };

        ShouldBe(InvocationBody.Write("msg", ServiceBus().Describe(message)), "service-bus-dead-letter.json");
    }

    [Fact]
    public void GivenAMessageWhosePropertiesAreNamedAsTheServices_WhenMerged_ThenTheBodyWins()
    {
        IReadOnlyList<KeyValuePair<string, object?>> merged = InvocationBody.Merge([new("MessageId", "abc"), new("x", 1)], """{"MessageId":"mine"}""");

        merged.ShouldBe([new("MessageId", "mine"), new("x", 1)]);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("{broken}")]
    [InlineData("[1]")]
    public void GivenABodyThatIsNoJsonObject_WhenMerged_ThenNothingIsAdded(string body) =>
        InvocationBody.Merge([new("x", 1)], body).Count.ShouldBe(1);

    [Fact]
    public void GivenAQueueMessage_WhenDescribed_ThenTheBodyIsTheFixture()
    {
        (FunctionApp app, FunctionDefinition function) = App("RecordPoisonedSlice", """
            {"bindings":[{"type":"queueTrigger","direction":"in","name":"message","queueName":"webjobs-blobtrigger-poison"}]}
            """);
        QueueTrigger trigger = new(function, app, Options, Invoker(app), _time, NullLogger.Instance);
        QueueMessage message = QueuesModelFactory.QueueMessage(
            "7d3b0c52-4a3e-4d57-9c27-0c8c9c5f8f11",
            "MjNOb3YyMDI2MTU6MTI6MDU=",
            BinaryData.FromBytes(Fixtures.Bytes("poison-message.json")),
            dequeueCount: 1,
            insertedOn: new DateTimeOffset(2026, 11, 23, 15, 12, 5, TimeSpan.Zero),
            expiresOn: new DateTimeOffset(2026, 11, 30, 15, 12, 5, TimeSpan.Zero),
            nextVisibleOn: new DateTimeOffset(2026, 11, 23, 15, 22, 5, TimeSpan.Zero));

        ShouldBe(InvocationBody.Write("message", trigger.Describe(message)), "queue.json");
    }

    [Fact]
    public async Task GivenAnHttpRequest_WhenDescribed_ThenTheBodyIsTheFixture()
    {
        DefaultHttpContext context = new();
        HttpRequest request = context.Request;
        (request.Method, request.Scheme, request.Host) = ("POST", "http", new HostString("127.0.0.1", 7071));
        (request.Path, request.QueryString) = ("/api/scans/0011223344556677/replay", new QueryString("?force=yes"));
        request.ContentType = "application/json";
        request.RouteValues["scanId"] = "0011223344556677";
        request.Body = new MemoryStream(Encoding.UTF8.GetBytes("""{"reason":"again"}"""));

        byte[] body = InvocationBody.Write("req", await HttpInvocation.DescribeAsync(request, CancellationToken.None));

        // Every request has a Host header; the fixture shows the headers without it.
        ShouldBe(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body).Replace("""
            "Host":["127.0.0.1:7071"],
            """, "", StringComparison.Ordinal)), "http-not-proxied.json");
    }

    [Fact]
    public void GivenKeysThatEndInTrigger_WhenWritten_ThenTheyAreDropped()
    {
        TriggerData data = new("x", [new("BlobTrigger", "slices/a"), new("mytrigger", 1), new("triggers", 2), new("none", null)]);

        Encoding.UTF8.GetString(InvocationBody.Write("b", data)).ShouldBe("""{"Data":{"b":"\"x\""},"Metadata":{"triggers":"2"}}""");
    }

    private static FunctionsHostOptions Options => new() { AppRoot = "." };

    private TimerTrigger Timer()
    {
        (FunctionApp app, FunctionDefinition function) = App("ReconcileScans", """
            {"retry":{"strategy":"fixedDelay","maxRetryCount":3,"delayInterval":"00:00:05"},"bindings":[{"type":"timerTrigger","direction":"in","name":"timer","schedule":"0 */5 * * * *"}]}
            """);
        return new TimerTrigger(function, app, Options, Invoker(app), _time, NullLogger.Instance);
    }

    private ServiceBusTrigger ServiceBus()
    {
        (FunctionApp app, FunctionDefinition function) = App("RecordDeadLetters", """
            {"bindings":[{"type":"serviceBusTrigger","direction":"in","name":"msg","queueName":"q/$deadletterqueue","connection":"AzureWebJobsStorage"}]}
            """);
        return new ServiceBusTrigger(function, app.Host, new ServiceBusConnections(_ => new FakeServiceBus()), Invoker(app), _time, NullLogger.Instance);
    }

    private static (FunctionApp, FunctionDefinition) App(string name, string json)
    {
        AppSettings settings = new(new Dictionary<string, string> { ["AzureWebJobsStorage"] = Storage });
        FunctionDefinition function = FunctionApp.ReadFunction(name, JObject.Parse(json), settings)!;
        return (new FunctionApp(".", new HostSettings { ExecutablePath = "x" }, settings, [function]), function);
    }

    private FunctionInvoker Invoker(FunctionApp app) =>
        new(app.Host, null!, null!, null!, () => Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e"), _time, NullLogger.Instance);

    private static void ShouldBe(byte[] body, string fixture)
    {
        string text = Encoding.UTF8.GetString(body);
        Assert.Equal(Fixtures.Text(fixture), text);
    }
}
