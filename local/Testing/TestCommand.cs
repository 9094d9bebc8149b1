using System.CommandLine;
using System.Globalization;
using CtSeg.Local.Processes;
using CtSeg.Local.Stack;
using Spectre.Console;

namespace CtSeg.Local.Testing;

/// <summary>The verb <c>test</c>: every test program.</summary>
internal static class TestCommand
{
    public static Command Create()
    {
        var all = new Option<bool>("--all") { Description = "Also the slow ones: kills, replays, load, whole nights, large random cases, further mistakes in the templates." };
        var filter = new Option<string?>("--filter") { Description = "Only tests whose full name contains TEXT.", HelpName = "TEXT" };
        var command = new Command("test", "Runs the tests; the last line counts them. Ends with 0 only if none failed.") { all, filter };
        command.SetAction((result, _) => RunAsync(result.GetValue(all), result.GetValue(filter)));
        return command;
    }

    private static async Task<int> RunAsync(bool all, string? filter)
    {
        using var requests = new StopRequests();
        var checkout = Checkout.Find();
        var logs = Path.Combine(checkout.State, "tests");
        Directory.CreateDirectory(logs);
        var outcomes = new List<TestOutcome>();
        var running = new RunningTests(AnsiConsole.Console, TimeProvider.System);
        await running.ShowWhileAsync(async () =>
        {
            await foreach (var outcome in TestSchedule.RunAsync(
                TestProgram.FindAll(checkout.Tests), program => running.WatchAsync(program, program.RunAsync(logs, filter, all, requests.Stop))))
            {
                Report(outcome, running.Write);
                outcomes.Add(outcome);
            }
        });
        var failed = outcomes.Sum(outcome => outcome.Failed);
        var ran = outcomes.Sum(outcome => outcome.Passed) + failed;
        if (ran == 0)
            Console.Out.WriteLine("No test ran.");
        Console.Out.WriteLine($"{outcomes.Sum(outcome => outcome.Passed)} passed, {failed} failed, {outcomes.Sum(outcome => outcome.Skipped)} skipped");
        return failed == 0 && ran > 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static void Report(TestOutcome outcome, Action<string> write)
    {
        write(string.Create(CultureInfo.InvariantCulture,
            $"{outcome.Program.Name}: {outcome.Passed} passed, {outcome.Failed} failed, {outcome.Skipped} skipped in {outcome.Duration.TotalSeconds:0.0} s"));
        foreach (var reason in outcome.SkipReasons)
            write($"  skipped: {reason}");
        foreach (var failure in outcome.Failures)
            write($"  failed: {failure.Name}{Environment.NewLine}    {failure.Message.ReplaceLineEndings(Environment.NewLine + "    ")}");
        if (outcome.Failed > 0)
            write($"  whole output: {outcome.Log}");
    }
}
