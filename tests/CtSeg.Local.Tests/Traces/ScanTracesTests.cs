using CtSeg.Local.Traces;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.Local.Tests.Traces;

public sealed class ScanTracesTests
{
    private const string Scan = "0011223344556677";
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 15, 12, 5, TimeSpan.Zero);
    private readonly FakeTimeProvider _time = new();
    private readonly ScanTraces _traces;

    public ScanTracesTests() => _traces = new ScanTraces(_time);

    [Fact]
    public void Given_SpansInAnyOrder_When_TheScanEnded_Then_ShownOnceWhole()
    {
        _traces.Add([Span("4", "3", "fetch", 30, 5), Span("3", "2", "process segmentation-requests", 25, 100, ended: "completed")]);
        _traces.TakeEnded().ShouldBeEmpty();
        _traces.Add([Span("2", "1", "create segmentation-requests", 15, 0), Span("1", null, "PreprocessSlice", 0, 20)]);

        var trace = _traces.TakeEnded().ShouldHaveSingleItem();

        ScanTraceView.Lines(trace).ShouldBe([
            "Scan 0011223344556677 completed after 0.12 s (trace t)",
            "  PreprocessSlice                              20.0 ms  ok                      service",
            "    create segmentation-requests                0.0 ms  ok                      service",
            "      process segmentation-requests           100.0 ms  ok                      service",
            "        fetch                                   5.0 ms  ok                      service",
        ]);
        _traces.Add([Span("3", "2", "process segmentation-requests", 25, 100, ended: "completed")]);
        _traces.TakeEnded().ShouldBeEmpty();
    }

    [Fact]
    public void Given_AParentThatNeverComes_When_TimePasses_Then_ShownWithoutIt()
    {
        _traces.Add([Span("3", "2", "process segmentation-requests", 25, 100, ended: "failed") with { IsFailed = true }]);
        _traces.TakeEnded().ShouldBeEmpty();

        _time.Advance(TimeSpan.FromSeconds(4));

        _traces.TakeEnded().ShouldHaveSingleItem().Roots.ShouldHaveSingleItem().Span.SpanId.ShouldBe("3");
    }

    [Fact]
    public void Given_TwoScansInOneTrace_When_OneEnded_Then_OnlyItsOwnSpansAreShown()
    {
        _traces.Add([
            Span("1", null, "ReconcileScans", 0, 20), Span("2", "1", "create segmentation-requests", 1, 0) with { Attributes = Of("other") },
            Span("3", "1", "create segmentation-requests", 2, 0) with { Attributes = Of(Scan) }, Span("4", "3", "process segmentation-requests", 25, 100, ended: "completed")]);

        var root = _traces.TakeEnded().ShouldHaveSingleItem().Roots.ShouldHaveSingleItem();

        root.Span.Name.ShouldBe("ReconcileScans");
        root.Children.ShouldHaveSingleItem().Span.SpanId.ShouldBe("3");
    }

    [Fact]
    public void Given_AScanThatFailedAndWasReplayed_When_ItCompletes_Then_ThatIsShownToo()
    {
        _traces.Add([Span("1", null, "PreprocessSlice", 0, 20), Span("2", "1", "process segmentation-requests", 25, 100, ended: "failed")]);
        _traces.TakeEnded().ShouldHaveSingleItem().State.ShouldBe("failed");

        _traces.Add([Span("3", "1", "process segmentation-requests", 500, 100, ended: "completed")]);

        var trace = _traces.TakeEnded().ShouldHaveSingleItem();
        trace.State.ShouldBe("completed");
        trace.Roots.ShouldHaveSingleItem().Children.Select(child => child.Span.SpanId).ShouldBe(["2", "3"]);
        // Failed before: its exporter got no answer.
        _traces.Add([Span("2", "1", "process segmentation-requests", 25, 100, ended: "failed")]);
        _traces.TakeEnded().ShouldBeEmpty();
    }

    [Fact]
    public void Given_AScanThatIsCompleted_When_ARepeatedRequestFindsItSo_Then_ItIsNotShownAgain()
    {
        _traces.Add([Span("1", null, "process segmentation-requests", 0, 20, ended: "completed")]);
        _traces.TakeEnded().Count.ShouldBe(1);

        _traces.Add([Span("2", "1", "process segmentation-requests", 900, 1, ended: "completed")]);

        _traces.TakeEnded().ShouldBeEmpty();
    }

    [Fact]
    public void Given_SecondDeliveryThatFailed_When_Shown_Then_TheLineSaysSo()
    {
        var attributes = new Dictionary<string, string>
        {
            ["ctseg.scan.id"] = Scan, ["ctseg.scan.state"] = "failed", ["error.type"] = "Azure.RequestFailedException",
            ["messaging.servicebus.message.delivery_count"] = "2", ["messaging.servicebus.disposition_status"] = "abandon",
        };
        _traces.Add([Span("1", null, "process segmentation-requests", 0, 7) with { IsFailed = true, Attributes = attributes, Events = ["retry"] }]);

        ScanTraceView.Lines(_traces.TakeEnded().Single()).Last().ShouldContain("RequestFailedException, abandon, delivery 2, 1 retried");
    }

    private static Dictionary<string, string> Of(string scan) => new() { ["ctseg.scan.id"] = scan };

    private static ExportedSpan Span(string id, string? parent, string name, int startMs, int tookMs, string? ended = null)
    {
        var attributes = new Dictionary<string, string>();
        if (ended is not null)
            (attributes["ctseg.scan.id"], attributes["ctseg.scan.state"]) = (Scan, ended);
        return new ExportedSpan("t", id, parent, name, Start.AddMilliseconds(startMs), TimeSpan.FromMilliseconds(tookMs), IsFailed: false, "service", 1, attributes);
    }
}
