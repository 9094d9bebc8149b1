using System.Globalization;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Imaging;
using CtSeg.Local.Phantom;
using CtSeg.Local.Processes;
using CtSeg.Local.Stack;
using CtSeg.Models;
using CtSeg.ServiceBus;
using CtSeg.TrainingRuns;

namespace CtSeg.Local.Bench;

/// <summary>What a retraining costs the slices on the same cores, how long a rollback takes, and whether a change of the model loses any.</summary>
/// <param name="model">Folder of the model that serves; a small one unless given.</param>
internal sealed class RetrainingBench(Checkout checkout, string? model, TimeProvider time, TextWriter progress)
{
    private const int Pictures = 20;
    private const int TrainingSlices = 36;
    private const int Groups = 36;
    private const int TrainingSide = 369;
    private const int UnderWay = 12;
    private const int Moves = 5;
    private const int Seed = 20260701;
    private const double MinRate = 0.5;
    private const double MinTrainingSeconds = 2;
    private const double MaxRollbackSeconds = 30;
    private const string By = "bench";
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public async Task<BenchReport> RunAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("ctseg-bench-").FullName;
        try
        {
            var models = await BenchModels.MakeAsync(checkout, model, folder, cancellationToken);
            var options = new StackOptions(checkout)
            {
                Weights = models.Folder,
                BlobPollingMs = 200,
                Retrains = true,
                RetrainArguments = ["--beat-seconds", "1", "--stale-seconds", "30"],
            };
            await using var stack = await LocalStack.StartAsync(options, progress: null, time, cancellationToken);
            var measured = await MeasureAsync(stack, models, cancellationToken);
            await stack.StopAsync(cancellationToken);
            return measured;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<BenchReport> MeasureAsync(LocalStack stack, BenchModels models, CancellationToken cancellationToken)
    {
        await progress.WriteLineAsync($"{TrainingSlices} drawn slices to learn from.");
        await ImportAsync(stack, cancellationToken);
        var pictures = Enumerable.Range(Seed, Pictures).Select(seed => new BinaryData(PngWriter.Grey(PhantomSlice.Generate(seed).Image))).ToList();
        using var uploads = new SteadyUploads(stack, pictures, UnderWay, time);
        using var enough = new CancellationTokenSource();
        BenchReport? report = null;
        await stack.WatchedAsync(
            async token =>
            {
                var uploading = uploads.RunAsync(Patience, enough.Token, token);
                try
                {
                    var rates = await MeasureRatesAsync(stack, uploads, token);
                    var moves = await MeasureMovesAsync(stack, models, uploads, token);
                    await enough.CancelAsync();
                    await uploading;
                    report = Report(rates, moves, uploads);
                }
                finally
                {
                    await enough.CancelAsync();
                    await uploading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            },
            cancellationToken);
        return report!;
    }

    private static BenchReport Report(Rates rates, IReadOnlyList<Move> moves, SteadyUploads uploads)
    {
        var without = (rates.Before + rates.After) / 2;
        var failed = uploads.Ended.Count(slice => slice.Model is null);
        return new BenchReport("retraining",
        [
            new("slices a second, nothing else running, before", rates.Before, "1/s"),
            new("slices a second beside a training", rates.Beside, "1/s"),
            new("slices a second, nothing else running, after", rates.After, "1/s"),
            BenchFigure.AtLeast("rate beside a training, relative", rates.Beside / without, string.Empty, MinRate),
            // A training that stood still would cost nothing.
            BenchFigure.AtLeast("processor time of the training meanwhile", rates.Training.TotalSeconds, "s", MinTrainingSeconds),
            new("epochs that it came to an end with", rates.Epochs, string.Empty),
            new("promotion until the next slice by the new model, slowest", Slowest(moves, AliasMoveKind.Forced), "s"),
            BenchFigure.AtMost("rollback until the next slice by the old model, slowest", Slowest(moves, AliasMoveKind.Rollback), "s", MaxRollbackSeconds),
            new("slices uploaded", uploads.Uploaded, string.Empty),
            BenchFigure.AtMost("slices lost", uploads.Open.Count, string.Empty, 0),
            BenchFigure.AtMost("slices failed", failed, string.Empty, 0),
        ],
        [
            $"{UnderWay} slices under way at any time, windows of {Window.TotalSeconds:0} s by the events received; the training takes all cores, at the lowest priority.",
            $"{moves.Count} moves of the alias under the same load, from the start of the write to the event of the first slice that the other model made.",
        ]);
    }

    // No slice within the patience counts as that long, which no bar allows.
    private static double Slowest(IReadOnlyList<Move> moves, AliasMoveKind kind) => moves.Where(move => move.Kind == kind).Max(move => move.Took.TotalSeconds);

    private async Task<Rates> MeasureRatesAsync(LocalStack stack, SteadyUploads uploads, CancellationToken cancellationToken)
    {
        await progress.WriteLineAsync($"Slices alone: {WarmUp.TotalSeconds:0} s to warm up, {Window.TotalSeconds:0} s measured.");
        await Task.Delay(WarmUp, time, cancellationToken);
        var before = await RateAsync(uploads, cancellationToken);
        var run = await StartRunAsync(stack, cancellationToken);
        var began = await EpochsAsync(stack, run, atLeast: 1, cancellationToken);
        await progress.WriteLineAsync($"Slices beside a training: {Window.TotalSeconds:0} s.");
        var used = ProcessCpu.Of(stack.Retraining.Current.Id);
        var beside = await RateAsync(uploads, cancellationToken);
        used = ProcessCpu.Of(stack.Retraining.Current.Id) - used;
        var done = await EpochsAsync(stack, run, atLeast: began, cancellationToken);
        await EndRunAsync(stack, run, cancellationToken);
        await progress.WriteLineAsync($"Slices alone again: {Window.TotalSeconds:0} s.");
        var after = await RateAsync(uploads, cancellationToken);
        return new Rates(before, beside, after, done - began, used);
    }

    private async Task<double> RateAsync(SteadyUploads uploads, CancellationToken cancellationToken)
    {
        var (ended, since) = (uploads.Ended.Count, time.GetTimestamp());
        await Task.Delay(Window, time, cancellationToken);
        return (uploads.Ended.Count - ended) / time.GetElapsedTime(since).TotalSeconds;
    }

    private async Task<List<Move>> MeasureMovesAsync(LocalStack stack, BenchModels models, SteadyUploads uploads, CancellationToken cancellationToken)
    {
        var (storage, moves) = (stack.OpenBlobs(), new List<Move>());
        var alias = new ModelAlias(storage, time);
        for (var round = 0; round < Moves; round++)
        {
            await progress.WriteLineAsync($"Promotion and rollback {round + 1} of {Moves} under load.");
            var read = await new ModelStore(storage).ReadAliasAsync(cancellationToken);
            moves.Add(await MeasureMoveAsync(
                AliasMoveKind.Forced, models.Second, uploads,
                () => alias.MoveAsync(read, alias.NewMove(AliasMoveKind.Forced, models.Second, By, "A measurement."), cancellationToken), cancellationToken));
            moves.Add(await MeasureMoveAsync(
                AliasMoveKind.Rollback, models.First, uploads, () => alias.RollbackAsync(By, "A measurement.", cancellationToken), cancellationToken));
        }
        return moves;
    }

    private async Task<Move> MeasureMoveAsync(AliasMoveKind kind, ServedModel to, SteadyUploads uploads, Func<Task> move, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        await move();
        var first = await uploads.FirstOfAsync(to.Version, started, Patience, cancellationToken);
        return new Move(kind, first is null ? Patience : time.GetElapsedTime(started, first.Seen));
    }

    private async Task ImportAsync(LocalStack stack, CancellationToken cancellationToken)
    {
        var data = new DataSetStore(stack.OpenBlobs(), time);
        var origin = new SliceOrigin(SliceOrigins.Import, time.GetUtcNow().UtcDateTime) { Source = By };
        for (var number = 0; number < TrainingSlices; number++)
        {
            var (image, truth) = PhantomSlice.Generate(Seed + Pictures + number, TrainingSide);
            var name = string.Create(CultureInfo.InvariantCulture, $"phantom-{number:000}.png");
            var png = new BinaryData(PngWriter.Grey(image));
            await data.AddAsync(new NewSlice(NewSlice.IdOf(name, png), name, $"phantom-{number % Groups}", png, truth, origin), cancellationToken);
        }
    }

    private async Task<string> StartRunAsync(LocalStack stack, CancellationToken cancellationToken)
    {
        // More epochs than there is time for: it is cancelled.
        var request = new TrainingRunRequest(By) { Epochs = 10_000, EvenWithoutNewData = true, Promotion = new PromotionTerms(MinGroups: 2) };
        var (run, _) = await new TrainingRunStore(stack.OpenBlobs(), time).RequestAsync(request, cancellationToken);
        await using var bus = AmqpServiceBusClient.FromConnectionString(stack.ServiceBus.ConnectionString!);
        await using var sender = bus.CreateSender(Queues.TrainingRequests);
        var requested = TrainingEvents.Requested(run.Id, run.Attempt, $"/ctseg/{By}", time.GetUtcNow().UtcDateTime);
        var body = JsonSerializer.SerializeToUtf8Bytes(requested, ContractsJson.Default.CloudEventTrainingRequested);
        await sender.SendAsync(new OutgoingMessage(body) { MessageId = requested.Id, Subject = requested.Subject }, cancellationToken);
        return run.Id;
    }

    /// <summary>Epochs that a run has done, once they are so many.</summary>
    private async Task<int> EpochsAsync(LocalStack stack, string run, int atLeast, CancellationToken cancellationToken)
    {
        var runs = new TrainingRunStore(stack.OpenBlobs(), time);
        var since = time.GetTimestamp();
        while (time.GetElapsedTime(since) < Patience)
        {
            var status = (await runs.FindAsync(run, cancellationToken))?.Run;
            if (status is { HasEnded: true })
                throw new StartFailedException($"The training run ended before it was measured: {status.Reason}");
            if (status?.Progress is { } done && done.Epoch >= atLeast)
                return done.Epoch;
            await Task.Delay(TimeSpan.FromMilliseconds(200), time, cancellationToken);
        }
        throw new StartFailedException($"The training run did not train an epoch within {Patience.TotalMinutes:0} minutes; logs in {stack.LogFolder}");
    }

    private async Task EndRunAsync(LocalStack stack, string run, CancellationToken cancellationToken)
    {
        var runs = new TrainingRunStore(stack.OpenBlobs(), time);
        await runs.CancelAsync(run, "It was measured.", cancellationToken);
        var since = time.GetTimestamp();
        while ((await runs.FindAsync(run, cancellationToken))?.Run is { HasEnded: false })
        {
            if (time.GetElapsedTime(since) > Patience)
                throw new StartFailedException($"The training run did not end within {Patience.TotalMinutes:0} minutes of being cancelled; logs in {stack.LogFolder}");
            await Task.Delay(TimeSpan.FromMilliseconds(200), time, cancellationToken);
        }
    }

    /// <summary>Slices a second.</summary>
    /// <param name="Training">Processor time of the training beside them.</param>
    private sealed record Rates(double Before, double Beside, double After, int Epochs, TimeSpan Training);

    private sealed record Move(AliasMoveKind Kind, TimeSpan Took);
}
