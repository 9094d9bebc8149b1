using CsCheck;
using CtSeg.Contracts;

namespace CtSeg.Shared.Tests.Contracts;

public sealed class ScanStatusTests
{
    private static readonly ScanId Scan = ScanId.Parse("0011223344556677");
    private static readonly DateTime Start = new(2026, 11, 23, 15, 12, 5, DateTimeKind.Utc);
    private static readonly ScanFailure Failure = new(FailureReason.Corrupt, "Damaged.", "Export again.");

    [Fact]
    public void Given_WholeWay_When_Walked_Then_TimelineTellsIt()
    {
        var status = ScanStatus.Received(Scan, "a.png", Start).Requested(1, Start.AddSeconds(1)).Segmenting(Start.AddSeconds(2))
            .Completed(new ScanResultSummary("v1", []), Start.AddSeconds(3));
        status.Timeline.Select(entry => entry.State)
            .ShouldBe([ScanState.Received, ScanState.Preprocessed, ScanState.Segmenting, ScanState.Completed]);
        status.LastChange.ShouldBe(Start.AddSeconds(3));
        status.Attempt.ShouldBe(1);
        status.IsTerminal.ShouldBeTrue();
    }

    [Fact]
    public void Given_AnySteps_When_Walked_Then_ExactlyOneTerminalStateAndNothingAfterIt() =>
        Gen.Int[0, 3].Array[1, 12].Sample(steps =>
        {
            var status = ScanStatus.Received(Scan, "a.png", Start);
            foreach (var step in steps)
            {
                if (!status.IsTerminal)
                    status = Walk(status, step);
                else
                    Should.Throw<InvalidOperationException>(() => Walk(status, step));
            }
            var ended = status.Timeline.Count(entry => entry.State is ScanState.Completed or ScanState.Failed);
            ended.ShouldBe(status.IsTerminal ? 1 : 0);
            status.Timeline[^1].State.ShouldBe(status.State);
            (status.Failure is not null).ShouldBe(status.State == ScanState.Failed);
            (status.Result is not null).ShouldBe(status.State == ScanState.Completed);
        });

    private static ScanStatus Walk(ScanStatus status, int step) => step switch
    {
        0 => status.Requested(status.Attempt + 1, Start),
        1 => status.Segmenting(Start),
        2 => status.Completed(new ScanResultSummary("v1", []), Start),
        _ => status.Failed(Failure, Start),
    };
}
