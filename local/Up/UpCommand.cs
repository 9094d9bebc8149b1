using System.CommandLine;
using CtSeg.Contracts;
using CtSeg.Local.Processes;
using CtSeg.Local.Stack;
using CtSeg.Processes;
using Spectre.Console;

namespace CtSeg.Local.Up;

/// <summary>The verb <c>up</c>: the whole system until Ctrl-C.</summary>
internal static class UpCommand
{
    private const int HighestPort = 65535;

    public static Command Create()
    {
        var model = new Option<string?>("--model") { Description = "Folder of the model; the one that models/current.json names unless given.", HelpName = "DIR" };
        var storage = new Option<string?>("--storage") { Description = "Folder that keeps blobs and models for the next start; .ctseg/storage unless given.", HelpName = "DIR" };
        var fresh = new Option<bool>("--fresh") { Description = "Delete what that folder keeps, and begin anew." };
        var schedule = new Option<string>("--retraining-schedule")
        {
            Description = "When the model is retrained (NCRONTAB, six fields, UTC).", HelpName = "CRON", DefaultValueFactory = _ => Settings.DefaultRetrainingSchedule,
        };
        Option<int> blob = Port("--blob-port", "blob storage"), queue = Port("--queue-port", "queue storage"),
            bus = Port("--servicebus-port", "Service Bus"), api = Port("--api-port", "the API");
        var command = new Command("up", """
            Starts everything and stays until Ctrl-C; prints where to upload slices and where to ask. What was stored, and what
            the model has learnt, is there again at the next start. Commands in another terminal (./ctseg models, data,
            training-runs) find this system by themselves.

            Examples:
              ./ctseg up --api-port 7071
              ./ctseg up --fresh
            """) { model, storage, fresh, schedule, blob, queue, bus, api };
        command.SetAction((result, _) => RunAsync(Checkout.Find(), checkout => new StackOptions(checkout)
        {
            Model = result.GetValue(model) is { } folder ? Path.GetFullPath(folder) : null,
            Ports = new StackPorts(result.GetValue(blob), result.GetValue(queue), result.GetValue(bus), result.GetValue(api)),
            StorageFolder = Path.GetFullPath(result.GetValue(storage) ?? Path.Combine(checkout.State, "storage")),
            FreshStorage = result.GetValue(fresh),
            Retrains = true,
            Settings = new Dictionary<string, string> { [Settings.RetrainingSchedule] = result.GetValue(schedule)! },
        }));
        return command;
    }

    private static async Task<int> RunAsync(Checkout checkout, Func<Checkout, StackOptions> optionsFor)
    {
        using var requests = new StopRequests();
        await using var stack = await StackStart.RunAsync(optionsFor(checkout), AnsiConsole.Console, requests.Stop);
        var note = RunningStackNote.OfThisProcess(stack.Connections());
        var file = Path.Combine(checkout.State, RunningStackNote.FileName);
        note.Write(file);
        try
        {
            Describe(stack, Console.Out);
            await stack.WatchAsync(requests.Stop);
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

    private static void Describe(LocalStack stack, TextWriter output)
    {
        var container = $"{stack.Storage.BlobEndpoint}/{Containers.Slices}";
        output.WriteLine($"""
            Upload slices to     {container}
            Connection string    {stack.Storage.ConnectionString}
              az storage blob upload -c {Containers.Slices} -f slice.png -n slice.png --connection-string "..."
            Results appear in    {stack.Storage.BlobEndpoint}/{Containers.Results}/SCANID/
            API                  {stack.Api}api/scans   {stack.Api}api/scans/SCANID   {stack.Api}api/health
            Function key         {stack.FunctionKey} (header x-functions-key)
            Retraining           ./ctseg training-runs start, in another terminal; by itself as scheduled
            Service Bus          {stack.ServiceBus.ConnectionString}
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
