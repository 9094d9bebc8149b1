using System.Collections.Concurrent;
using CtSeg.Contracts;
using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.Local.Traces;
using CtSeg.Telemetry;

namespace CtSeg.EndToEnd.Tests.Traces;

/// <summary>What the programs export of a hundred scans; only with <c>./ctseg test --all</c>.</summary>
[Collection(SerialCollection.Name)]
[Trait("Category", "Slow")]
public sealed class TraceTests
{
    private const int Scans = 100;
    // What the killed job had settled and not yet exported.
    private const int MaxUntold = 8;
    private const string Folder = "traced-patients";
    private const string Create = $"create {Queues.SegmentationRequests}";
    private const string Process = $"process {Queues.SegmentationRequests}";
    private static readonly string[] Stages = [StageNames.Fetch, StageNames.Predict, StageNames.Store, $"send {Queues.SegmentationCompleted}"];
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    private readonly ConcurrentQueue<ExportedSpan> _spans = new();

    [Fact]
    public async Task Given_RetriesAndAKilledJob_When_AHundredScansEnded_Then_AllWorkIsUnderItsMessage()
    {
        await using var receiver = await OtlpReceiver.StartAsync(some => some.ToList().ForEach(_spans.Enqueue), TestContext.Current.CancellationToken);
        await using var stack = await RunningStack.StartAsync(options => (options with { MaxDeliveryCount = 100 }).WithEnvironment(receiver.Environment));
        var slices = TestSlices.Phantoms(Folder, Scans);
        await stack.UploadAsync(slices);
        await stack.SeeResultsAsync(3);
        await LoseLocksAsync(stack);
        var killed = stack.Local.Job.Current;
        await Eventually.HoldsAsync(() => Task.FromResult(_spans.Any(span => span.Process == killed.Id)), () => "The job exported nothing.");

        killed.Kill();

        await killed.Exited;
        (await stack.ListAsync()).Values.ShouldContain(scan => scan.State != ScanState.Completed, "the job was killed too late to prove anything");
        await Eventually.HoldsAsync(() => Task.FromResult(stack.Local.Job.Current != killed), () => "The job was not started again.");
        await stack.SeeResultsAsync((await stack.ResultsAsync()).Count + 3);
        await LoseLocksAsync(stack);
        var ended = await stack.EndOfAsync(slices.Keys, Deadline);
        ended.Values.ToList().ForEach(status => status.ShouldHaveCompletedOnce());
        await stack.Local.Job.StopAsync(TimeSpan.FromSeconds(25), CancellationToken.None);
        await Eventually.HoldsAsync(() => Task.FromResult(Orphans(killed.Id).Count == 0), () => $"Without their parents: {string.Join(", ", Orphans(killed.Id).Take(5))}");

        ShouldBeUnderTheirMessages();
        ShouldBeUnderTheirDeliveries(killed.Id);
        ShouldTellEachEnd(ended.Values);
        _spans.ShouldContain(span => span.Process == killed.Id);
        _spans.ShouldAllBe(span => !span.Name.Contains(Folder) && !span.Attributes.Values.Any(value => value.Contains(Folder) || value.Contains(".png")));
    }

    // Longer than a lock: its messages are delivered again, to this job too when it goes on.
    private static async Task LoseLocksAsync(RunningStack stack)
    {
        using (new Suspension(stack.Local.Job.Current.Id))
            await Task.Delay(TimeSpan.FromSeconds(2.5), TimeProvider.System, TestContext.Current.CancellationToken);
    }

    private List<ExportedSpan> Orphans(int killed)
    {
        var ids = _spans.Select(span => (span.TraceId, span.SpanId)).ToHashSet();
        return [.. _spans.Where(span => span.ParentId is { } parent && span.Process != killed && !ids.Contains((span.TraceId, parent)))];
    }

    private void ShouldBeUnderTheirMessages()
    {
        var messages = _spans.Where(span => span.Name == Create).ToDictionary(span => (span.TraceId, span.SpanId));
        var deliveries = _spans.Where(span => span.Name == Process).ToList();
        foreach (var delivery in deliveries)
            messages[(delivery.TraceId, delivery.ParentId!)].Attributes[TelemetryAttributes.MessageId].ShouldBe(delivery.Attributes[TelemetryAttributes.MessageId]);
        deliveries.ShouldContain(delivery => delivery.Attributes[TelemetryAttributes.DeliveryCount] != "1", "no message was delivered twice");
        messages.Values.Select(message => message.Service).Distinct().ShouldBe([TelemetryNames.FunctionsService]);
        deliveries.Select(delivery => delivery.Service).Distinct().ShouldBe([TelemetryNames.SegmentationService]);
    }

    private void ShouldBeUnderTheirDeliveries(int killed)
    {
        var deliveries = _spans.Where(span => span.Name == Process).Select(span => span.SpanId).ToHashSet();
        var work = _spans.Where(span => Stages.Contains(span.Name)).ToList();
        work.Count.ShouldBeGreaterThanOrEqualTo((Scans - MaxUntold) * Stages.Length);
        work.ShouldAllBe(span => deliveries.Contains(span.ParentId!) || span.Process == killed);
    }

    private void ShouldTellEachEnd(IEnumerable<ScanStatus> ended)
    {
        var told = _spans.Where(span => span.Attributes.GetValueOrDefault(TelemetryAttributes.ScanState) == "completed")
            .Select(span => span.Attributes[TelemetryAttributes.ScanId]).ToHashSet();
        told.ShouldBeSubsetOf(ended.Select(scan => scan.ScanId.ToString()));
        told.Count.ShouldBeGreaterThanOrEqualTo(Scans - MaxUntold);
    }
}
