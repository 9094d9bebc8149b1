using CtSeg.Contracts;
using CtSeg.Local.Demo;
using Spectre.Console;

namespace CtSeg.Local.Tests.Demo;

public sealed class DemoViewTests : IDisposable
{
    private static readonly DateTime Time = new(2026, 11, 30, 12, 0, 0, DateTimeKind.Utc);
    private readonly StringWriter _output = new();

    [Fact]
    public void Given_APictureThatIsNoSlice_When_Reported_Then_ItsWarningIsToldAndNoOthers()
    {
        Report(
            Ended("photo.png", scan => scan.Completed(new ScanResultSummary("2026.3", []) { InputCheck = InputCheckResult.Of(0.951) }, Time)),
            Ended("slice.png", scan => scan.Completed(new ScanResultSummary("2026.3", []) { InputCheck = InputCheckResult.Of(0.02) }, Time)));

        _output.ToString().ShouldBe($"photo.png: WARNING (score 0.95) {InputCheckResult.Of(0.951).Warning}{Environment.NewLine}");
    }

    [Fact]
    public void Given_AScanThatFailed_When_Reported_Then_WhyAndWhatToDo()
    {
        Report(Ended("a.png", scan => scan.Failed(new ScanFailure(FailureReason.UnsupportedKind, "It is no picture.", "Upload a PNG."), Time)));

        _output.ToString().ShouldBe("a.png: It is no picture. Upload a PNG." + Environment.NewLine);
    }

    public void Dispose() => _output.Dispose();

    private void Report(params ScanProgress[] scans) =>
        new DemoView(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(_output) })).ReportFailuresAndWarnings(scans);

    private static ScanProgress Ended(string name, Func<ScanStatus, ScanStatus> end) =>
        new(new DemoSlice(name, _ => Task.FromResult(BinaryData.Empty))) { Ended = end(ScanStatus.Received(ScanId.Parse("0011223344556677"), name, Time)) };
}
