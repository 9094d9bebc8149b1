using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.ServiceBus;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingRuns;
using Spectre.Console;

namespace CtSeg.TrainingJob.Retraining;

/// <summary><c>ctseg-job training-runs list | show | start | cancel</c>.</summary>
internal static class TrainingRunsCommand
{
    private const string By = "command";
    private static readonly Argument<string> Run = new("RUN") { Description = "Id of a run, as list shows it." };
    private static readonly Option<bool> Json = new("--json") { Description = "Prints JSON, for programs." };
    private static readonly Option<int> Limit = new("--limit") { Description = "Runs shown, the newest first.", DefaultValueFactory = _ => 20 };
    private static readonly Option<bool> FromScratch = new("--from-scratch") { Description = "Starts from random weights instead of those of the model in use." };
    private static readonly Option<int?> Epochs = new("--epochs") { Description = $"1 to {TrainingRunTerms.MaxEpochs}; the recipe's if not given." };
    private static readonly Option<double?> Minutes = new("--minutes") { Description = "Training is made to fit: fewer epochs where the first one foretells that. It stops at the end of the epoch in which the time passes, on all machines together." };
    private static readonly Option<bool> EvenWithoutNewData = new("--even-without-new-data") { Description = "Runs also where the model in use knows all data." };
    private static readonly Option<bool> Shadow = new("--shadow") { Description = "A model that passes runs beside the one in use before it replaces it." };
    private static readonly Option<double?> ShadowShare = new("--shadow-share") { Description = "Of the live slices, above 0 to 1; 0.1 if not given. Implies --shadow." };
    private static readonly Option<int?> ShadowSlices = new("--shadow-slices") { Description = "After which the decision is made; 50 if not given. Implies --shadow." };
    private static readonly Option<int?> ShadowMinSlices = new("--shadow-min-slices") { Description = "Slices without which it is refused, and that show a class before that class may refuse it; a fifth of --shadow-slices if not given. Implies --shadow." };
    private static readonly Option<double?> ShadowHours = new("--shadow-hours") { Description = "After which it is made in any case; 24 if not given. Implies --shadow." };
    private static readonly Option<double?> MaxDisagreement = new("--max-disagreement") { Description = "Share of the pixels of all lesions, and of each class seen often enough, in which the two may differ; 0.5 if not given. Implies --shadow." };

    public static Command Create()
    {
        var command = new Command("training-runs", """
            Trainings of new models from the data in storage.

            Examples:
              training-runs start
              training-runs start --epochs 20 --shadow
              training-runs list
              training-runs show 20261127-020000-1a2b3c
              training-runs cancel 20261127-020000-1a2b3c
            """);
        Add(command, new Command("list", "Lists runs, the newest first.") { Limit, Json }, needsServiceBus: false, ListAsync);
        Add(command, new Command("show", "Shows where a run stands.") { Run, Json }, needsServiceBus: false, ShowAsync);
        Add(command, new Command("start", "Asks for a run; the one that is under way is the answer where there is one.")
        {
            FromScratch, Epochs, Minutes, EvenWithoutNewData, Shadow, ShadowShare, ShadowSlices, ShadowMinSlices, ShadowHours, MaxDisagreement,
            GateTerms.Margin, GateTerms.Level, GateTerms.MinGroups, Json,
        }, needsServiceBus: true, StartAsync);
        Add(command, new Command("cancel", "Ends a run; a job that works on it stops within a step of its training.") { Run, Json }, needsServiceBus: false, CancelAsync);
        return command;
    }

    private static void Add(
        Command parent, Command command, bool needsServiceBus, Func<ParseResult, JobConnections, BlobServiceClient, CancellationToken, Task<int>> run)
    {
        command.SetAction((parsed, cancellationToken) => GuardAsync(parsed, needsServiceBus, run, cancellationToken));
        parent.Add(command);
    }

    private static async Task<int> GuardAsync(
        ParseResult parsed, bool needsServiceBus, Func<ParseResult, JobConnections, BlobServiceClient, CancellationToken, Task<int>> run, CancellationToken cancellationToken)
    {
        if (JobConnections.Find(needsServiceBus, out var problems) is not { } connections)
            return await FailAsync(string.Join(" ", problems), ExitCodes.Usage);
        try
        {
            return await run(parsed, connections, connections.OpenStorage(), cancellationToken);
        }
        catch (Exception e) when (e is DamagedTrainingRunException or ServiceBusException or FormatException)
        {
            return await FailAsync(e.Message, ExitCodes.Failure);
        }
        catch (Exception e) when (e is RequestFailedException || Verdict.IsOutage(e))
        {
            return await FailAsync($"The storage could not be used: {Verdict.Describe(e)} Check that it can be reached.", ExitCodes.Failure);
        }
    }

    private static async Task<int> ListAsync(ParseResult parsed, JobConnections connections, BlobServiceClient storage, CancellationToken cancellationToken)
    {
        var runs = new TrainingRunStore(storage, TimeProvider.System);
        var page = await TrainingRunPage.OfAsync(runs.ListAsync(parsed.GetValue(Limit), cancellationToken), cancellationToken);
        if (parsed.GetValue(Json))
        {
            Console.WriteLine(JsonSerializer.Serialize(page, ContractsJson.Default.TrainingRunPage));
            return ExitCodes.Success;
        }
        foreach (var problem in page.Damaged)
            await Console.Error.WriteLineAsync(problem);
        if (page.Runs.Count == 0)
            Console.WriteLine("There are no training runs yet: training-runs start asks for one.");
        else
            AnsiConsole.Write(TrainingRunText.Table(page.Runs));
        return ExitCodes.Success;
    }

    private static async Task<int> ShowAsync(ParseResult parsed, JobConnections connections, BlobServiceClient storage, CancellationToken cancellationToken)
    {
        var id = parsed.GetValue(Run)!;
        if ((await new TrainingRunStore(storage, TimeProvider.System).FindAsync(id, cancellationToken))?.Run is not { } run)
            return await UnknownAsync(id);
        Write(parsed, run, TrainingRunText.Describe(run));
        return ExitCodes.Success;
    }

    private static async Task<int> StartAsync(ParseResult parsed, JobConnections connections, BlobServiceClient storage, CancellationToken cancellationToken)
    {
        var request = RequestOf(parsed);
        if (TrainingRunTerms.ProblemsOf(request) is { Count: > 0 } problems)
            return await FailAsync(string.Join(" ", problems), ExitCodes.Usage);
        var (run, isNew) = await new TrainingRunStore(storage, TimeProvider.System).RequestAsync(request, cancellationToken);
        if (isNew)
        {
            await using var bus = connections.OpenServiceBus()!;
            await using var requests = bus.CreateSender(Queues.TrainingRequests);
            await using var alerts = bus.CreateSender(Queues.Alerts);
            await new RetrainEvents(requests, alerts, TimeProvider.System).RequestedAsync(run, cancellationToken);
        }
        Write(parsed, run, [isNew ? $"{run.Id}: asked for." : $"{run.Id} is under way, {TrainingRunText.NameOf(run.State)}: no other is asked for."]);
        return ExitCodes.Success;
    }

    private static async Task<int> CancelAsync(ParseResult parsed, JobConnections connections, BlobServiceClient storage, CancellationToken cancellationToken)
    {
        var id = parsed.GetValue(Run)!;
        var runs = new TrainingRunStore(storage, TimeProvider.System);
        var outcome = TrainingRunId.IsValid(id)
            ? await runs.CancelAsync(id, "It was cancelled by command.", cancellationToken)
            : TrainingRunCancellation.Unknown;
        if (outcome == TrainingRunCancellation.Unknown || (await runs.FindAsync(id, cancellationToken))?.Run is not { } run)
            return await UnknownAsync(id);
        if (outcome == TrainingRunCancellation.Cancelled)
        {
            await new ShadowStore(storage, TimeProvider.System).StopAsync(id, cancellationToken);
            await TellAsync(connections, run, cancellationToken);
        }
        Write(parsed, run, [outcome switch
        {
            TrainingRunCancellation.Cancelled => $"{id}: cancelled.",
            TrainingRunCancellation.Asked => $"{id}: the job that works on it will end it.",
            TrainingRunCancellation.TooLate => $"{id}: too late, its model is just being put into use; models rollback goes back.",
            _ => $"{id} had ended: {TrainingRunText.NameOf(run.State)}.",
        }]);
        return outcome is TrainingRunCancellation.Cancelled or TrainingRunCancellation.Asked ? ExitCodes.Success : ExitCodes.Failure;
    }

    /// <summary>Where no Service Bus is set nobody can be told, which matters less than the end itself.</summary>
    private static async Task TellAsync(JobConnections connections, TrainingRunStatus run, CancellationToken cancellationToken)
    {
        if (connections.OpenServiceBus() is not { } opened)
            return;
        await using var bus = opened;
        await using var requests = bus.CreateSender(Queues.TrainingRequests);
        await using var alerts = bus.CreateSender(Queues.Alerts);
        await new RetrainEvents(requests, alerts, TimeProvider.System).EndedAsync(run, cancellationToken);
    }

    private static TrainingRunRequest RequestOf(ParseResult parsed)
    {
        var shadow = new ShadowTerms();
        var hasShadow = parsed.GetValue(Shadow) || parsed.GetValue(ShadowShare) is not null || parsed.GetValue(ShadowSlices) is not null
            || parsed.GetValue(ShadowMinSlices) is not null || parsed.GetValue(ShadowHours) is not null || parsed.GetValue(MaxDisagreement) is not null;
        return new TrainingRunRequest(By)
        {
            FromScratch = parsed.GetValue(FromScratch),
            Epochs = parsed.GetValue(Epochs),
            Minutes = parsed.GetValue(Minutes),
            EvenWithoutNewData = parsed.GetValue(EvenWithoutNewData),
            Shadow = !hasShadow ? null : shadow with
            {
                Share = parsed.GetValue(ShadowShare) ?? shadow.Share,
                Slices = parsed.GetValue(ShadowSlices) ?? shadow.Slices,
                MinSlices = parsed.GetValue(ShadowMinSlices),
                Hours = parsed.GetValue(ShadowHours) ?? shadow.Hours,
                MaxDisagreement = parsed.GetValue(MaxDisagreement) ?? shadow.MaxDisagreement,
            },
            Promotion = GateTerms.Given(parsed),
        };
    }

    private static void Write(ParseResult parsed, TrainingRunStatus run, IEnumerable<string> lines)
    {
        if (parsed.GetValue(Json))
        {
            Console.WriteLine(JsonSerializer.Serialize(run, ContractsJson.Default.TrainingRunStatus));
            return;
        }
        foreach (var line in lines)
            Console.WriteLine(line);
    }

    private static Task<int> UnknownAsync(string id) => FailAsync(string.Create(CultureInfo.InvariantCulture, $"There is no training run '{id}': training-runs list shows them."), ExitCodes.Failure);

    private static async Task<int> FailAsync(string message, int code)
    {
        await Console.Error.WriteLineAsync(message);
        return code;
    }
}
