using System.Diagnostics;
using CtSeg.Contracts;
using CtSeg.Telemetry;
using CtSeg.Testing;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.Shared.Tests.Telemetry;

public sealed class SpansTests
{
    private static readonly ScanId Scan = ScanId.Parse("0011223344556677");
    private static readonly DateTime Now = new(2026, 11, 23, 15, 12, 5, DateTimeKind.Utc);

    [Fact]
    public void Given_NobodyListensToIt_When_Begun_Then_ThereIsNoSpanAndTheEventCarriesOnWhatCame()
    {
        const string Received = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        Spans.StartProcess("queue", "id", Received).ShouldBeNull();
        Spans.Current.ShouldBeNull();
        ScanEvents.Requested(Scan, 1, "/a", Now, Received).Created(Queues.SegmentationRequests).TraceParent.ShouldBe(Received);
    }

    [Fact]
    public void Given_TraceParent_When_AForeignSpanIsCurrent_Then_TheTraceParentIsTheParent()
    {
        using var recorded = new RecordedSpans();
        using var foreign = new Activity("of the web server").Start();

        using var span = Spans.StartUnder(recorded.TraceParent, "work", ActivityKind.Consumer);

        span.ShouldNotBeNull().ParentSpanId.ToHexString().ShouldBe(RecordedSpans.ParentId);
        span.HasRemoteParent.ShouldBeTrue();
        Spans.Current.ShouldBe(span);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("00-xyz")]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    public void Given_NoUsableTraceParent_When_AForeignSpanIsCurrent_Then_TheSpanIsARoot(string? traceParent)
    {
        using var all = new ActivityListener
        {
            ShouldListenTo = source => source.Name == TelemetryNames.Source,
            Sample = (ref options) => options.Name == "a root" ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
        };
        ActivitySource.AddActivityListener(all);
        using var foreign = new Activity("of the web server").Start();

        using var span = Spans.StartUnder(traceParent, "a root", ActivityKind.Consumer);

        span.ShouldNotBeNull().ParentId.ShouldBeNull();
    }

    [Fact]
    public void Given_Message_When_Created_Then_ItCarriesItsProducersContext()
    {
        using var recorded = new RecordedSpans();
        using (Spans.StartUnder(recorded.TraceParent, "function", ActivityKind.Consumer))
        {
            var told = ScanEvents.Requested(Scan, 2, "/a", Now, recorded.TraceParent).Created(Queues.SegmentationRequests);
            told.TraceParent.ShouldBe(recorded.Named("create segmentation-requests").Id);
        }

        recorded.Pairs().ShouldBe(["function > create segmentation-requests", "message > function"]);
        var producer = recorded.Named("create segmentation-requests");
        producer.Kind.ShouldBe(ActivityKind.Producer);
        producer.TagObjects.ToDictionary(tag => tag.Key, tag => tag.Value).ShouldBe(new Dictionary<string, object?>
        {
            ["messaging.system"] = "servicebus",
            ["messaging.destination.name"] = "segmentation-requests",
            ["messaging.operation.name"] = "create",
            ["messaging.operation.type"] = "create",
            ["messaging.message.id"] = $"{Scan}-2",
            ["ctseg.scan.id"] = Scan.ToString(),
        }, ignoreOrder: true);
    }

    [Fact]
    public void Given_Stage_When_LeftBeforeItsEnd_Then_ItFailedAndIsNotMeasured()
    {
        using var recorded = new RecordedSpans();
        using var measured = new RecordedMeasurements();
        var time = new FakeTimeProvider();
        using (Spans.StartUnder(recorded.TraceParent, "work", ActivityKind.Consumer))
        {
            using (var whole = Stage.Begin(StageNames.Fetch, time))
            {
                time.Advance(TimeSpan.FromSeconds(3));
                whole.Done();
            }
            using (Stage.Begin(StageNames.Store, time))
                time.Advance(TimeSpan.FromSeconds(5));
        }

        recorded.Named(StageNames.Fetch).Status.ShouldBe(ActivityStatusCode.Unset);
        recorded.Named(StageNames.Store).Status.ShouldBe(ActivityStatusCode.Error);
        measured.Of(Meters.StageDuration).ShouldBe([(3, "stage=fetch")]);
    }

    [Fact]
    public void Given_Fault_When_ASpanFails_Then_OnlyItsTypeIsTold()
    {
        using var recorded = new RecordedSpans();
        using (var span = Spans.StartUnder(recorded.TraceParent, "work", ActivityKind.Consumer))
            span.Fail(new InvalidOperationException("slices/Jane Doe.png is gone"));

        recorded.AllText().ShouldBe("work  error.type=System.InvalidOperationException");
        recorded.Named("work").Status.ShouldBe(ActivityStatusCode.Error);
    }
}
