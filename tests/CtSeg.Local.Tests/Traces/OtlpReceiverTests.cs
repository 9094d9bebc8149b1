using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using CtSeg.Local.Traces;
using CtSeg.Telemetry;
using CtSeg.Telemetry.Export;
using Microsoft.Extensions.Logging;

namespace CtSeg.Local.Tests.Traces;

/// <summary>The receiver against the exporter that the programs use.</summary>
public sealed class OtlpReceiverTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_SpansOfTheRealExporter_When_Received_Then_AllIsReadThatIsShown()
    {
        var received = new List<ExportedSpan>();
        await using var receiver = await OtlpReceiver.StartAsync(spans => Add(received, spans), Stop);
        using var export = TelemetryExport.Start(TelemetrySettings.Read(receiver.Environment.GetValueOrDefault, out _), "a service", receiver.Environment.GetValueOrDefault).ShouldNotBeNull();
        const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        using (var span = Spans.StartProcess("queue", "id-1", TraceParent).ShouldNotBeNull())
        {
            span.SetTag("number", 7L).SetTag("share", 0.25).SetTag("holds", true).SetTag("list", new[] { 1, 2 });
            span.AddEvent(new ActivityEvent("retry"));
            using var stage = Stage.Begin(StageNames.Fetch, TimeProvider.System);
        }

        export.End(TimeSpan.FromSeconds(20)).ShouldBeTrue();

        var process = received.Single(span => span.Name == "process queue");
        (process.TraceId, process.ParentId, process.Service, process.Process).ShouldBe(
            ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "a service", Environment.ProcessId));
        process.Events.ShouldBe(["retry"]);
        process.IsFailed.ShouldBeFalse();
        process.Attributes.ShouldBe(
            new Dictionary<string, string>
            {
                ["messaging.system"] = "servicebus", ["messaging.destination.name"] = "queue", ["messaging.operation.name"] = "process",
                ["messaging.operation.type"] = "process", ["messaging.message.id"] = "id-1", ["number"] = "7", ["share"] = "0.25", ["holds"] = "true",
            },
            ignoreOrder: true);
        var fetch = received.Single(span => span.Name == "fetch");
        (fetch.TraceId, fetch.ParentId, fetch.IsFailed).ShouldBe((process.TraceId, process.SpanId, true));
        fetch.Start.ShouldBeInRange(process.Start, process.Start + process.Duration);
        fetch.Duration.ShouldBeInRange(TimeSpan.Zero, process.Duration);
    }

    [Fact]
    public async Task Given_MetricsAndLogs_When_Ended_Then_TheyComeToTheirPaths()
    {
        await using var receiver = await Endpoint.StartAsync();
        var environment = new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Address, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf" };
        using var export = Start(environment);
        using var logs = LoggerFactory.Create(export.AddTo);
        logs.CreateLogger("a").Log(LogLevel.Warning, "Scan 0011223344556677 is late");
        Meters.Received("a queue of this test", TimeSpan.FromSeconds(3));

        export.End(TimeSpan.FromSeconds(20)).ShouldBeTrue();

        receiver.BodyOf("/v1/logs").ShouldContain("0011223344556677 is late");
        receiver.BodyOf("/v1/metrics").ShouldContain("ctseg.queue.age");
        receiver.BodyOf("/v1/metrics").ShouldContain("a queue of this test");
    }

    [Fact]
    public async Task Given_LogsOnTheirWay_When_Ended_Then_TheyAreAwaited()
    {
        var open = new TaskCompletionSource();
        await using var receiver = await Endpoint.StartAsync(open.Task);
        var environment = new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Address, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf", ["OTEL_BLRP_SCHEDULE_DELAY"] = "1",
        };
        using var export = Start(environment);
        using var logs = LoggerFactory.Create(export.AddTo);
        logs.CreateLogger("a").Log(LogLevel.Warning, "Scan 0011223344556677 is late");
        await receiver.LogsCame.SoonAsync();

        export.End(TimeSpan.FromMilliseconds(300)).ShouldBeFalse();

        open.SetResult();
    }

    [Fact]
    public async Task Given_AzureMonitor_When_Ended_Then_AllThreeAreSentAndNothingIsKeptOnDisk()
    {
        await using var receiver = await Endpoint.StartAsync();
        var environment = new Dictionary<string, string>
        {
            ["APPLICATIONINSIGHTS_CONNECTION_STRING"] = $"InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint={receiver.Address}",
        };
        using var export = Start(environment);
        using var logs = LoggerFactory.Create(export.AddTo);
        using (Spans.StartProcess("queue", "id-of-azure-monitor", "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"))
            logs.CreateLogger("a").Log(LogLevel.Warning, "Scan 0011223344556677 is late");
        Meters.Received("a queue of this test", TimeSpan.FromSeconds(3));

        export.End(TimeSpan.FromSeconds(20)).ShouldBeTrue();

        var sent = receiver.BodyOf("/v2.1/track");
        sent.ShouldContain("id-of-azure-monitor");
        sent.ShouldContain("0011223344556677 is late");
        sent.ShouldContain("ctseg.queue.age");
    }

    [Fact]
    public async Task Given_NobodyAnswers_When_Ended_Then_TheLimitHolds()
    {
        using var silent = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var environment = new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://{silent.LocalEndpoint}", ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf" };
        var export = Start(environment);
        Spans.StartProcess("queue", "id", "00-2af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")?.Dispose();

        // Without its limit the end would wait for as long as the connection stays open: for ever.
        var end = Task.Run(() => export.End(TimeSpan.FromMilliseconds(300)), Stop);

        (await end.SoonAsync()).ShouldBeFalse();
    }

    [Fact]
    public void Given_NothingSet_When_Started_Then_ThereIsNoExport() =>
        TelemetryExport.Start(TelemetrySettings.Off, "a service", _ => null).ShouldBeNull();

    [Fact]
    public async Task Given_NoProtobuf_When_Posted_Then_Refused()
    {
        await using var receiver = await OtlpReceiver.StartAsync(_ => { }, Stop);
        using var http = new HttpClient { BaseAddress = receiver.Endpoint };
        using var content = new ByteArrayContent([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 1]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        (await http.PostAsync(new Uri("/v1/traces", UriKind.Relative), content, Stop)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    private static TelemetryExport Start(Dictionary<string, string> environment) =>
        TelemetryExport.Start(TelemetrySettings.Read(environment.GetValueOrDefault, out _), "a service", environment.GetValueOrDefault).ShouldNotBeNull();

    private static void Add(List<ExportedSpan> all, IReadOnlyList<ExportedSpan> some)
    {
        lock (all)
            all.AddRange(some);
    }
}
