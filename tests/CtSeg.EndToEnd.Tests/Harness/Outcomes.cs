using CtSeg.Contracts;

namespace CtSeg.EndToEnd.Tests.Harness;

internal static class Outcomes
{
    /// <summary>Completed, by exactly one terminal step, which is the last.</summary>
    public static void ShouldHaveCompletedOnce(this ScanStatus status)
    {
        status.State.ShouldBe(ScanState.Completed, status.Failure?.Message);
        status.Timeline.Count(IsTerminal).ShouldBe(1);
        IsTerminal(status.Timeline[^1]).ShouldBeTrue();
        status.Result.ShouldNotBeNull();
    }

    public static void ShouldHaveFailedOnceWith(this ScanStatus status, FailureReason reason)
    {
        status.State.ShouldBe(ScanState.Failed);
        status.Timeline.Count(IsTerminal).ShouldBe(1);
        var failure = status.Failure.ShouldNotBeNull();
        failure.Reason.ShouldBe(reason);
        failure.Message.ShouldNotBeNullOrWhiteSpace();
        failure.Action.ShouldNotBeNullOrWhiteSpace();
    }

    /// <summary>Mask, overlay and metrics of each completed scan and nothing else.</summary>
    public static void ShouldBeTheResultsOf(this IEnumerable<string> blobs, IEnumerable<ScanStatus> scans) =>
        blobs.Order(StringComparer.Ordinal).ShouldBe(
            scans.Where(scan => scan.State == ScanState.Completed)
                .SelectMany(scan => new[] { BlobPaths.Mask(scan.ScanId), BlobPaths.Overlay(scan.ScanId), BlobPaths.Metrics(scan.ScanId) })
                .Order(StringComparer.Ordinal));

    private static bool IsTerminal(TimelineEntry entry) => entry.State is ScanState.Completed or ScanState.Failed;
}
