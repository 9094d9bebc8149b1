using System.CommandLine;
using CtSeg.Contracts;
using CtSeg.Local.Identity;
using CtSeg.Local.Processes;
using CtSeg.Local.Stack;
using CtSeg.Local.Traces;
using CtSeg.Processes;
using Spectre.Console;

namespace CtSeg.Local.Up;

/// <summary>The verb <c>up</c>: the whole system until Ctrl-C.</summary>
internal static class UpCommand
{
    private const int HighestPort = 65535;

    // Without a job that retrains, a run would wait for ever, and the next system would begin with it.
    private static readonly string[] FunctionsOfRetraining = ["ScheduleRetraining", "StartTrainingRun", "ReconcileTrainingRuns"];

    private static readonly Option<string?> Model = new("--model")
    {
        Description = "Folder of the model that serves, whatever models/current.json names; there is no retraining then.", HelpName = "DIR",
    };

    private static readonly Option<string?> Storage = new("--storage")
    {
        Description = "Folder that keeps blobs and models for the next start; .ctseg/storage unless given.", HelpName = "DIR",
    };

    private static readonly Option<bool> Fresh = new("--fresh") { Description = "Delete what that folder keeps, and begin anew." };

    private static readonly Option<string> Schedule = new("--retraining-schedule")
    {
        Description = "When the model is retrained (NCRONTAB, six fields, UTC).", HelpName = "CRON", DefaultValueFactory = _ => Settings.DefaultRetrainingSchedule,
    };

    private static readonly Option<bool> Identity = IdentityOptions.CreateSwitch();
    private static readonly Option<int> TokenSeconds = IdentityOptions.CreateSeconds();
    private static readonly Option<bool> Trace = new("--trace") { Description = "Print what happened to each scan once it has ended, and how long it took." };
    // An address that is printed at the start must serve as long as somebody may leave the system running.
    private static readonly TimeSpan UploadFor = TimeSpan.FromDays(30);
    private static readonly TimeSpan TraceInterval = TimeSpan.FromMilliseconds(200);

    private static readonly Option<int> Blob = Port("--blob-port", "blob storage"), Queue = Port("--queue-port", "queue storage"),
        Bus = Port("--servicebus-port", "Service Bus"), Api = Port("--api-port", "the API");

    public static Command Create()
    {
        var command = new Command("up", """
            Starts everything and stays until Ctrl-C; prints where to upload slices and where to ask. What was stored, and what
            the model has learnt, is there again at the next start. Commands in another terminal (./ctseg models, data,
            training-runs) find this system by themselves.

            Examples:
              ./ctseg up --api-port 7071
              ./ctseg up --fresh
              ./ctseg up --identity
              ./ctseg up --trace
            """) { Model, Storage, Fresh, Schedule, Identity, TokenSeconds, Trace, Blob, Queue, Bus, Api };
        command.Validators.Add(result =>
        {
            if (result.GetValue(Model) is not null && result.GetResult(Schedule) is { Implicit: false })
                result.AddError($"{Schedule.Name} does not go with {Model.Name}: the model of a folder is not retrained.");
        });
        IdentityOptions.Require(command, Identity, TokenSeconds);
        command.SetAction((result, _) => RunAsync(Checkout.Find(), checkout => OptionsOf(result, checkout), result.GetValue(Trace)));
        return command;
    }

    internal static StackOptions OptionsOf(ParseResult result, Checkout checkout)
    {
        var settings = new Dictionary<string, string> { [Settings.RetrainingSchedule] = result.GetValue(Schedule)! };
        var model = result.GetValue(Model) is { } folder ? Path.GetFullPath(folder) : null;
        if (model is not null)
            foreach (var function in FunctionsOfRetraining)
                settings[$"AzureWebJobs.{function}.Disabled"] = "true";
        return new StackOptions(checkout)
        {
            Model = model,
            Ports = new StackPorts(result.GetValue(Blob), result.GetValue(Queue), result.GetValue(Bus), result.GetValue(Api)),
            StorageFolder = Path.GetFullPath(result.GetValue(Storage) ?? Path.Combine(checkout.State, "storage")),
            FreshStorage = result.GetValue(Fresh),
            TokenLifetime = IdentityOptions.LifetimeOf(result, Identity, TokenSeconds),
            // A challenger that is promoted would serve nobody.
            Retrains = model is null,
            Settings = settings,
        };
    }

    /// <summary>What the start says about retraining.</summary>
    internal static string RetrainingOf(StackOptions options) => options.Model is { } folder
        ? $"off: the model in {folder} serves, whatever models/current.json names"
        : "./ctseg training-runs start, in another terminal; by itself as scheduled";

    private static async Task<int> RunAsync(Checkout checkout, Func<Checkout, StackOptions> optionsFor, bool traces)
    {
        using var requests = new StopRequests();
        var options = optionsFor(checkout);
        var scans = new ScanTraces(TimeProvider.System);
        await using var receiver = traces ? await OtlpReceiver.StartAsync(scans.Add, requests.Stop) : null;
        if (receiver is not null)
            options = options.WithEnvironment(receiver.Environment);
        await using var stack = await StackStart.RunAsync(options, AnsiConsole.Console, requests.Stop);
        var note = RunningStackNote.OfThisProcess(stack.Connections());
        var file = Path.Combine(checkout.State, RunningStackNote.FileName);
        note.Write(file);
        try
        {
            Describe(stack, RetrainingOf(options), Console.Out);
            await (traces ? stack.WatchedAsync(token => ShowAsync(scans, token), requests.Stop) : stack.WatchAsync(requests.Stop));
        }
        catch (OperationCanceledException)
        {
            Console.Out.WriteLine("Stopping; the job finishes the slice it is at. Ctrl-C again stops at once.");
        }
        finally
        {
            note.Remove(file);
        }
        await stack.StopAsync(requests.Now);
        return ExitCodes.Success;
    }

    /// <summary>Ends only when told to.</summary>
    private static async Task ShowAsync(ScanTraces scans, CancellationToken cancellationToken)
    {
        while (true)
        {
            foreach (var ended in scans.TakeEnded())
                ScanTraceView.Show(ended, AnsiConsole.Console);
            await Task.Delay(TraceInterval, TimeProvider.System, cancellationToken);
        }
    }

    private static void Describe(LocalStack stack, string retraining, TextWriter output)
    {
        output.WriteLine($"Upload slices to     {stack.Storage.BlobEndpoint}/{Containers.Slices}");
        output.WriteLine(stack.Identity is { } identity
            ? $"""
            Sign in              with a token of {identity.Variables["IDENTITY_ENDPOINT"]}; its header, and all that a program needs, is in
                                 .ctseg/{RunningStackNote.FileName}
            Certificate          {identity.Certificate.TrustFile} (SSL_CERT_FILE)
            """
            : $"""
              curl -T slice.png -H "x-ms-blob-type: BlockBlob" "{stack.Storage.SignUpload("slice.png", TimeProvider.System.GetUtcNow() + UploadFor)}"
            Connection string    {stack.Storage.ConnectionString}
            """);
        output.WriteLine($"""
            Results appear in    {stack.Storage.BlobEndpoint}/{Containers.Results}/SCANID/
            API                  {stack.Api}api/scans   {stack.Api}api/scans/SCANID   {stack.Api}api/health
            Function key         {stack.FunctionKey} (header x-functions-key)
            Retraining           {retraining}
            Service Bus          {stack.ServiceBus.ConnectionString ?? stack.ServiceBus.FullyQualifiedNamespace}
            Functions app        {stack.AppFolder} ('func start' of the Core Tools runs it too)
            Logs                 {stack.LogFolder}
            Ready. Ctrl-C stops everything.
            """);
    }

    private static Option<int> Port(string name, string of)
    {
        var option = new Option<int>(name) { Description = $"Port of {of} on 127.0.0.1; a free one unless given.", HelpName = "P", DefaultValueFactory = _ => 0 };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > HighestPort)
                result.AddError($"{name} must be between 0 and {HighestPort}.");
        });
        return option;
    }
}
