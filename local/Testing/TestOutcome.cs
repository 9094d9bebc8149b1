using System.Text.Json;

namespace CtSeg.Local.Testing;

/// <summary>A test that did not pass.</summary>
internal sealed record TestFailure(string Name, string Message);

/// <summary>What came of one test program.</summary>
/// <param name="Log">Its whole output.</param>
internal sealed record TestOutcome(
    TestProgram Program, int Passed, int Failed, int Skipped, IReadOnlyList<TestFailure> Failures, IReadOnlyList<string> SkipReasons, TimeSpan Duration, string Log)
{
    private const int LinesKept = 12;

    // What xunit's runner ends with where tests failed and nothing else did.
    private const int TestsFailed = 1;

    /// <summary>
    /// Reads the program's report (ctrf.io). A program that crashed, left no report, or ran nothing counts as one failure
    /// more: silence must not look like success.
    /// </summary>
    /// <param name="mayBeEmpty">A filter may leave nothing to run.</param>
    public static TestOutcome Read(TestProgram program, string report, string log, int exitCode, TimeSpan duration, bool mayBeEmpty)
    {
        var none = new TestOutcome(program, 0, 0, 0, [], [], duration, log);
        if (!File.Exists(report))
            return none.With($"ended with code {exitCode} and left no report");
        JsonElement results;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(report));
            results = document.RootElement.GetProperty("results").Clone();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException)
        {
            return none.With($"ended with code {exitCode} and left a broken report ({e.Message})");
        }
        var tests = results.GetProperty("tests").EnumerateArray().ToLookup(test => test.GetProperty("status").GetString());
        var outcome = none with
        {
            Passed = tests["passed"].Count(),
            Failed = tests["failed"].Count() + tests["other"].Count(),
            Skipped = tests["skipped"].Count() + tests["pending"].Count(),
            Failures = [.. tests["failed"].Concat(tests["other"]).Select(test => new TestFailure(Text(test, "name"), Text(test, "message")))],
            SkipReasons = [.. tests["skipped"].Select(test => Text(test, "message")).Distinct(StringComparer.Ordinal)],
        };
        if (exitCode != 0 && outcome.Failed == 0)
            return outcome.With($"ended with code {exitCode} although no test failed");
        // A test that failed must not hide the exception that ended the process.
        if (exitCode is not (0 or TestsFailed))
            return outcome.With($"ended with code {exitCode} beside the tests that failed");
        if (outcome.Passed + outcome.Failed + outcome.Skipped == 0 && !mayBeEmpty)
            return outcome.With("ran no test");
        return outcome;
    }

    /// <summary>A failure of the program, with what it said of it.</summary>
    private TestOutcome With(string failure) =>
        this with { Failed = Failed + 1, Failures = [.. Failures, new TestFailure(Program.Name, string.Join(Environment.NewLine, [failure, .. SaidLast(Log)]))] };

    /// <returns>From the first error on that is no test's, as xunit marks it, else the last lines: the whole output may be gone with its machine.</returns>
    private static IEnumerable<string> SaidLast(string log)
    {
        if (!File.Exists(log))
            return [];
        var lines = File.ReadAllLines(log);
        var fatal = Array.FindIndex(lines, line => line.Contains("[FATAL ERROR]", StringComparison.Ordinal));
        return fatal >= 0 ? lines[fatal..].Take(LinesKept) : lines.TakeLast(LinesKept);
    }

    private static string Text(JsonElement test, string property) =>
        test.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : string.Empty;
}
