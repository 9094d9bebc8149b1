using CtSeg.Local.Testing;

namespace CtSeg.Local.Tests.Testing;

public sealed class TestOutcomeTests : IDisposable
{
    private readonly string _report = Path.GetTempFileName();
    private readonly string _log = Path.GetTempFileName();

    public void Dispose()
    {
        File.Delete(_report);
        File.Delete(_log);
    }

    [Fact]
    public void Given_AReport_When_Read_Then_ItsTestsAreCounted()
    {
        var outcome = Read("""
            {"results":{"tests":[{"name":"A","status":"passed"},{"name":"B","status":"failed","message":"because"},
            {"name":"C","status":"skipped","message":"no data"},{"name":"D","status":"other"}]}}
            """, exitCode: 1);

        (outcome.Passed, outcome.Failed, outcome.Skipped).ShouldBe((1, 2, 1));
        outcome.Failures[0].ShouldBe(new TestFailure("B", "because"));
        outcome.SkipReasons.ShouldBe(["no data"]);
    }

    [Theory]
    [InlineData("", 134, false)]
    [InlineData("{\"results\":", 0, false)]
    [InlineData("{\"results\":{\"tests\":[]}}", 0, false)]
    [InlineData("{\"results\":{\"tests\":[{\"name\":\"A\",\"status\":\"passed\"}]}}", 134, false)]
    [InlineData("{\"results\":{\"tests\":[]}}", 134, true)]
    public void Given_SilenceOrACrash_When_Read_Then_ItCountsAsAFailure(string report, int exitCode, bool mayBeEmpty) =>
        Read(report, exitCode, mayBeEmpty).Failed.ShouldBe(1);

    [Fact]
    public void Given_NoReport_When_Read_Then_ItCountsAsAFailure()
    {
        File.Delete(_report);
        File.Delete(_log);

        Read(report: null, exitCode: 0).Failed.ShouldBe(1);
    }

    [Fact]
    public void Given_AFilterThatLeavesNothing_When_Read_Then_ItIsNoFailure() =>
        Read("{\"results\":{\"tests\":[]}}", exitCode: 0, mayBeEmpty: true).Failed.ShouldBe(0);

    [Fact]
    public void Given_AnErrorThatBelongsToNoTest_When_Read_Then_ItsLinesAreInTheFailure()
    {
        File.WriteAllLines(_log, [.. Lines("before", 20), "    [FATAL ERROR] System.ObjectDisposedException", "      Cannot write to a closed TextWriter.", .. Lines("after", 20)]);

        var message = Read("{\"results\":{\"tests\":[{\"name\":\"A\",\"status\":\"passed\"}]}}", exitCode: 2).Failures.ShouldHaveSingleItem().Message.ReplaceLineEndings("\n").Split('\n');

        message[..3].ShouldBe(["ended with code 2 although no test failed", "    [FATAL ERROR] System.ObjectDisposedException", "      Cannot write to a closed TextWriter."]);
        message[^1].ShouldBe("after 10");
    }

    [Fact]
    public void Given_AFailedTestAndAnErrorThatBelongsToNone_When_Read_Then_BothAreFailures() =>
        Read("{\"results\":{\"tests\":[{\"name\":\"A\",\"status\":\"failed\",\"message\":\"because\"}]}}", exitCode: 2)
            .Failures.Select(failure => failure.Message.ReplaceLineEndings("\n").Split('\n')[0]).ShouldBe(["because", "ended with code 2 beside the tests that failed"]);

    [Fact]
    public void Given_ACrash_When_Read_Then_ItsLastLinesAreInTheFailure()
    {
        File.WriteAllLines(_log, Lines("said", 20));

        Read("", exitCode: 134).Failures.ShouldHaveSingleItem().Message.ReplaceLineEndings("\n").Split('\n')[1..].ShouldBe(Lines("said", 20)[8..]);
    }

    private static string[] Lines(string text, int count) => [.. Enumerable.Range(1, count).Select(line => $"{text} {line}")];

    private TestOutcome Read(string? report, int exitCode, bool mayBeEmpty = false)
    {
        if (report is not null)
            File.WriteAllText(_report, report);
        return TestOutcome.Read(new TestProgram("Some.Tests", "/some"), _report, _log, exitCode, TimeSpan.Zero, mayBeEmpty);
    }
}
