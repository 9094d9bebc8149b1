using System.CommandLine;
using System.Globalization;
using CtSeg.Local.Processes;
using CtSeg.Local.Stack;
using Spectre.Console;

namespace CtSeg.Local.Testing;

/// <summary>The verb <c>test</c>: every test program, one after the other.</summary>
internal static class TestCommand
{
    public static Command Create()
    {
        var all = new Option<bool>("--all") { Description = "Also the kill, replay and load runs." };
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
        // One at a time: the programs start processes of their own, and two cores are enough for one of them.
        foreach (var program in TestProgram.FindAll(checkout.Tests))
        {
            var outcome = await ShowWhileAsync(program.Name, program.RunAsync(logs, filter, all, requests.Stop));
            Report(outcome, Console.Out);
            outcomes.Add(outcome);
        }
        var failed = outcomes.Sum(outcome => outcome.Failed);
        var ran = outcomes.Sum(outcome => outcome.Passed) + failed;
        if (ran == 0)
            Console.Out.WriteLine("No test ran.");
        Console.Out.WriteLine($"{outcomes.Sum(outcome => outcome.Passed)} passed, {failed} failed, {outcomes.Sum(outcome => outcome.Skipped)} skipped");
        return failed == 0 && ran > 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static async Task<TestOutcome> ShowWhileAsync(string name, Task<TestOutcome> run)
    {
        var console = AnsiConsole.Console;
        if (!console.Profile.Out.IsTerminal)
            return await run;
        return await console.Status().StartAsync(name, async context =>
        {
            var time = TimeProvider.System;
            for (var started = time.GetTimestamp(); !run.IsCompleted;)
            {
                context.Status($"{name} {time.GetElapsedTime(started).TotalSeconds:0} s");
                await Task.WhenAny(run, Task.Delay(TimeSpan.FromSeconds(1), time));
            }
            return await run;
        });
    }

    private static void Report(TestOutcome outcome, TextWriter output)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{outcome.Program.Name}: {outcome.Passed} passed, {outcome.Failed} failed, {outcome.Skipped} skipped in {outcome.Duration.TotalSeconds:0.0} s"));
        foreach (var reason in outcome.SkipReasons)
            output.WriteLine($"  skipped: {reason}");
        foreach (var failure in outcome.Failures)
            output.WriteLine($"  failed: {failure.Name}{Environment.NewLine}    {failure.Message.ReplaceLineEndings(Environment.NewLine + "    ")}");
        if (outcome.Failed > 0)
            output.WriteLine($"  whole output: {outcome.Log}");
    }
}
