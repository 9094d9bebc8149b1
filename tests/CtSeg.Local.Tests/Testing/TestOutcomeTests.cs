using CtSeg.Local.Testing;

namespace CtSeg.Local.Tests.Testing;

/// <summary>What <c>./ctseg test</c> counts: silence must not look like success.</summary>
public sealed class TestOutcomeTests : IDisposable
{
    private const string Mixed = """
        {"results":{"tests":[{"name":"a","status":"passed"},{"name":"b","status":"failed","message":"two is not three"},
                             {"name":"c","status":"skipped","message":"no data"},{"name":"d","status":"pending","message":"no data"},{"name":"e","status":"other"}]}}
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ctseg-outcome-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void GivenAReport_WhenRead_ThenEveryStateIsCounted()
    {
        TestOutcome outcome = Read(Mixed, exitCode: 1);

        (outcome.Passed, outcome.Failed, outcome.Skipped).ShouldBe((1, 2, 2));
        outcome.Failures[0].ShouldBe(new TestFailure("b", "two is not three"));
        outcome.SkipReasons.ShouldBe(["no data"]);
    }

    [Theory]
    [InlineData(null, 0, false, "left no report")]
    [InlineData("{", 0, false, "broken report")]
    [InlineData("{}", 0, false, "broken report")]
    [InlineData("""{"results":{"tests":[]}}""", 0, false, "ran no test")]
    [InlineData("""{"results":{"tests":[{"name":"a","status":"passed"}]}}""", 134, false, "code 134 although no test failed")]
    [InlineData("""{"results":{"tests":[]}}""", 2, true, "code 2 although no test failed")]
    public void GivenAProgramThatBrokeOff_WhenRead_ThenThatIsAFailure(string? report, int exitCode, bool isFiltered, string expected)
    {
        TestOutcome outcome = Read(report, exitCode, isFiltered);

        outcome.Failed.ShouldBe(1);
        outcome.Failures.ShouldHaveSingleItem().Message.ShouldContain(expected);
    }

    [Fact]
    public void GivenAFilterThatLeavesNothing_WhenRead_ThenThatIsNoFailure() =>
        Read("""{"results":{"tests":[]}}""", exitCode: 0, isFiltered: true).Failed.ShouldBe(0);

    private TestOutcome Read(string? report, int exitCode, bool isFiltered = false)
    {
        string file = Path.Combine(_folder.FullName, "report.json");
        if (report is not null)
            File.WriteAllText(file, report);
        return TestOutcome.Read(new TestProgram("X.Tests", "x"), file, "x.log", exitCode, TimeSpan.FromSeconds(1), mayBeEmpty: isFiltered);
    }
}
