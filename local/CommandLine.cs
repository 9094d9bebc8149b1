using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Diagnostics;
using CtSeg.Local.Bench;
using CtSeg.Local.Demo;
using CtSeg.Local.FunctionsHost;
using CtSeg.Local.Processes;
using CtSeg.Local.Scaling;
using CtSeg.Local.ServiceBus;
using CtSeg.Local.Stack;
using CtSeg.Local.Testing;
using CtSeg.Local.Up;
using CtSeg.Processes;
using CtSeg.ServiceBus;

namespace CtSeg.Local;

/// <summary>The verbs of <c>./ctseg</c>; those that are not here belong to the job.</summary>
internal static class CommandLine
{
    // Only listed here: ./ctseg and the forwarding below hand them to ctseg-job, which explains its own options.
    private static readonly (string Verb, string Summary)[] JobVerbs =
    [
        ("predict", "Segments slices with the model alone, without the pipeline."),
        ("train", "Trains a model on a folder of images and masks."),
        ("evaluate", "Scores a model on labelled slices by every protocol."),
        ("cross-validate", "Trains and scores networks on folds by group; the paper's tables."),
        ("robustness", "Scores a model on slices that were disturbed as uploads are."),
        ("input-check", "Counts what the check of inputs warns about."),
        ("new-model", "Writes an untrained model, for tests."),
        ("data", "Brings labelled slices into the training data in storage, and lists them."),
        ("models", "Lists, compares, promotes and rolls back the models in storage."),
        ("training-runs", "Starts, lists and cancels training runs."),
        ("dead-letters", "Lists what was given up, by cause, and sends it again or discards it."),
        ("retrain", "Trains what training runs ask for (what the job runs in Azure)."),
        ("settings", "Lists the settings of all programs, with defaults and ranges."),
        ("consume", "Segments what the queue asks for (what the job runs in Azure)."),
    ];

    public static async Task<int> RunAsync(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        // The emulator ends with its parent, also when that was killed; the host sees to it itself.
        using var lifeline = args is ["servicebus", ..] ? ParentLifeline.Watch(() => Environment.Exit(ExitCodes.Failure)) : null;
        var root = CreateRoot();
        ParseResult? parsed = null;
        try
        {
            parsed = root.Parse(args);
            if (BenchCommand.OfTheJob.Contains(parsed.CommandResult.Command) || args is [var verb, ..] && IsForwarded(root, verb))
                return await ForwardAsync(args);
            // What is wrong is said in a line or two; below a page of help nobody sees it.
            if (parsed.Action is ParseErrorAction mistake)
                mistake.ShowHelp = false;
            if (parsed.Errors.Count > 0)
                return Math.Max(await parsed.InvokeAsync(), ExitCodes.Unusable);
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        // A check of several options read one whose value cannot be read, before the parser said so itself; in the same words.
        catch (InvalidOperationException mistake) when (parsed is null)
        {
            Console.Error.WriteLine(mistake.Message);
            return ExitCodes.Unusable;
        }
        catch (Exception e) when (e is StartFailedException or SliceSelectionException or TimeoutException)
        {
            await Console.Error.WriteLineAsync($"ctseg: {e.Message}");
            return ExitCodes.Unusable;
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
    }

    /// <summary>The verbs that <c>./ctseg</c> hands to this program; a test holds the script to them.</summary>
    public static IEnumerable<string> OwnVerbs =>
        CreateRoot().Subcommands.Select(command => command.Name).Except(JobVerbs.Select(known => known.Verb));

    /// <summary>Reads a command line without acting on it.</summary>
    public static ParseResult Read(IReadOnlyList<string> args) => CreateRoot().Parse(args);

    private static Command CreateRoot()
    {
        var hostCommand = HostCommand.Create(connection => ServiceBusConnection.Open(connection.Name, connection.Setting));
        // Started by up and demo only.
        hostCommand.Hidden = true;
        // No RootCommand: that would call itself by the program's file, not by what people type.
        var root = new Command("ctseg", """
            CtSeg segments COVID-19 lesions in chest CT slices. Research software, not for diagnosis.

            Examples:
              ./ctseg demo                       a few drawn slices through the whole pipeline
              ./ctseg demo scans/ --out results  slices of your own
              ./ctseg predict scans/ --out out   only the model, no pipeline
              ./ctseg up                         the whole system until Ctrl-C
              ./ctseg VERB --help                options of one verb
            """)
        {
            DemoCommand.Create(),
            UpCommand.Create(),
            ServiceBusCommand.Create(Environment.GetEnvironmentVariable),
            TestCommand.Create(),
            BenchCommand.Create(),
            ScalingCommand.Create(),
            hostCommand,
            new HelpOption { Recursive = true },
            new VersionOption(),
        };
        foreach (var (verb, summary) in JobVerbs)
            root.Add(new Command(verb, summary) { TreatUnmatchedTokensAsErrors = false });
        return root;
    }

    private static bool IsForwarded(Command root, string verb) =>
        !verb.StartsWith('-') && (JobVerbs.Any(known => known.Verb == verb) || root.Subcommands.All(command => command.Name != verb));

    private static async Task<int> ForwardAsync(string[] args)
    {
        using var job = Process.Start(new ProcessStartInfo(Checkout.Find().JobProgram, args) { UseShellExecute = false })
            ?? throw new StartFailedException("The job did not start.");
        await job.WaitForExitAsync();
        return job.ExitCode;
    }
}
