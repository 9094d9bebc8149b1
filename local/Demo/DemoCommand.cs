using System.CommandLine;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Local.Identity;
using CtSeg.Local.Processes;
using CtSeg.Local.Stack;
using Spectre.Console;

namespace CtSeg.Local.Demo;

/// <summary>The verb <c>demo</c>: slices through the whole pipeline, results into a folder.</summary>
internal static class DemoCommand
{
    private const int PhantomCount = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static Command Create()
    {
        var paths = new Argument<string[]>("slices")
        {
            Description = "Files, or folders of PNG, JPEG or TIFF files; without any, a few phantom slices.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var output = new Option<string>("--out") { Description = "Folder for the results, one folder a slice.", DefaultValueFactory = _ => "out", HelpName = "DIR" };
        var limit = new Option<int?>("--limit") { Description = "Take only the first N slices.", HelpName = "N" };
        var model = new Option<string?>("--model") { Description = "Folder of the model; the shipped one unless given.", HelpName = "DIR" };
        var json = new Option<bool>("--json") { Description = "Print a summary as JSON instead of the table." };
        var identity = IdentityOptions.CreateSwitch();
        var seconds = IdentityOptions.CreateSeconds();
        limit.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1)
                result.AddError("--limit must be at least 1.");
        });
        var command = new Command("demo", """
            Starts everything, sends slices through the pipeline, saves the results and stops everything.

            Examples:
              ./ctseg demo
              ./ctseg demo scans/ --out results --limit 10
              ./ctseg demo --identity
            """) { paths, output, limit, model, identity, seconds, json };
        IdentityOptions.Require(command, identity, seconds);
        command.SetAction((result, _) => RunAsync(new DemoRequest(
            result.GetValue(paths) ?? [], result.GetValue(output)!, result.GetValue(limit), result.GetValue(model), IdentityOptions.LifetimeOf(result, identity, seconds),
            result.GetValue(json))));
        return command;
    }

    private static async Task<int> RunAsync(DemoRequest request)
    {
        var selection = request.Paths.Count == 0
            ? SliceSelection.Phantoms(request.Limit ?? PhantomCount)
            : SliceSelection.Of(request.Paths, request.Limit);
        // The table is for people and the summary for programs; with --json only the latter goes to standard output.
        var console = request.Json ? AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }) : AnsiConsole.Console;
        var say = console.Profile.Out.Writer;
        if (request.Paths.Count == 0)
            await say.WriteLineAsync($"No slices given: {selection.Slices.Count} phantom slices (drawn by a program, of no patient) are used.");
        if (selection.Skipped > 0)
            await say.WriteLineAsync($"{selection.Skipped} files of the folders are no PNG, JPEG or TIFF by their extension and are left out.");

        using var requests = new StopRequests();
        var options = new StackOptions(Checkout.Find()) { Model = request.Model is { } model ? Path.GetFullPath(model) : null, TokenLifetime = request.TokenLifetime };
        await using var stack = await StackStart.RunAsync(options, console, requests.Stop);
        var run = new ScanRun(stack.OpenBlobs(), selection.Slices, TimeProvider.System);
        var download = new ResultDownload(stack.OpenBlobs(), request.Output);
        var view = new DemoView(console);
        await view.ShowAsync(run.Scans, onChange => stack.WatchedAsync(
            token => run.RunAsync(
                onChange,
                async (scan, cancellationToken) =>
                {
                    if (scan.State == ScanState.Completed)
                        await download.SaveAsync(scan.Slice.Name, scan.Ended!.ScanId, cancellationToken);
                    view.ReportEnd(scan);
                },
                Patience, token),
            requests.Stop));
        view.ReportFailuresAndWarnings(run.Scans);
        await stack.StopAsync(requests.Now);
        return Summarise(run.Scans, request);
    }

    private static int Summarise(IReadOnlyList<ScanProgress> scans, DemoRequest request)
    {
        var completed = scans.Count(scan => scan.State == ScanState.Completed);
        var failed = scans.Count - completed;
        if (request.Json)
        {
            var summary = new
            {
                completed,
                failed,
                output = Path.GetFullPath(request.Output),
                scans = scans.Select(scan => new
                {
                    name = scan.Slice.Name,
                    seconds = scan.Elapsed?.TotalSeconds,
                    status = JsonSerializer.SerializeToElement(scan.Ended!, ContractsJson.Default.ScanStatus),
                }),
            };
            Console.Out.WriteLine(JsonSerializer.Serialize(summary));
        }
        else
        {
            if (completed > 0)
                Console.Out.WriteLine($"Results are in {Path.GetFullPath(request.Output)}");
            Console.Out.WriteLine($"{completed} completed, {failed} failed");
        }
        return failed == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private sealed record DemoRequest(IReadOnlyList<string> Paths, string Output, int? Limit, string? Model, TimeSpan? TokenLifetime, bool Json);
}
