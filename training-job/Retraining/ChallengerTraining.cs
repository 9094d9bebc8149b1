using System.Security.Cryptography;
using System.Text;
using Azure;
using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.TrainingJob.DataSets;
using CtSeg.TrainingJob.InputCheck;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Training;
using CtSeg.TrainingJob.WeightFiles;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>Makes the model of a run.</summary>
internal interface IChallengerTrainer
{
    /// <summary>Trains from the run's checkpoint, if there is one, to the end.</summary>
    /// <exception cref="OperationCanceledException">The run is interrupted; what the last whole epoch made is in its checkpoint.</exception>
    Task<ModelFiles> TrainAsync(OwnedRun run, RunData learnt, CancellationToken stopping);
}

/// <summary>
/// Trains with a checkpoint in storage after every epoch, so that another machine goes on where this one was killed. A run that is limited by epochs ends
/// with the same bits, however often it was killed, on machines of one kind.
/// </summary>
internal sealed class ChallengerTraining(DataSetStore data, RunSigning signing, TrainingCheckpointStore checkpoints, TimeProvider time, ILogger<ChallengerTraining> logger)
    : IChallengerTrainer
{
    private const int MaxConflicts = 5;

    // Of the time; the epochs to come may take longer than the first one foretells.
    private const double PlannedShare = 0.9;

    public async Task<ModelFiles> TrainAsync(OwnedRun run, RunData learnt, CancellationToken stopping)
    {
        using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(stopping, run.Interrupted);
        var champion = await signing.FindFilesAsync(learnt.Champion.Version, interrupted.Token)
            ?? throw new RunFailedException($"The model {learnt.Champion.Version}, in use when the run began, is gone: start another run.");
        var slices = await LabelledSlices.LoadAsync(data, learnt.Training, interrupted.Token);
        logger.Trains(run.Id, slices.Count, learnt.Locked.Slices.Count, run.Status.Request.FromScratch ? "from random weights" : $"from {champion.Manifest.Version}");
        var (_, network, inputCheck) = ModelFolder.Load(champion);
        using (network)
        using (inputCheck)
        {
            var first = run.Status.Request.FromScratch ? null : StateDictionary.Of(network);
            // Once, and again where it turns out that fewer epochs fit.
            while (true)
            {
                var (trainer, last) = await RestoreAsync(
                    run, () => new Trainer(OptionsOf(run.Status, champion.Manifest), new GroupSplit(slices, []), HashOf(learnt.Training), time, first), interrupted.Token);
                using var restored = trainer;
                if (await TryTrainAsync(run, trainer, last, interrupted.Token))
                    return await FinishAsync(run, trainer, inputCheck, champion.Manifest.Version, interrupted.Token);
            }
        }
    }

    private static TrainingOptions OptionsOf(TrainingRunStatus run, ModelManifest champion)
    {
        var options = RetrainingRecipe.For(run.Request, champion);
        return run.Shortened is { } shortened ? options with { Epochs = shortened.Epochs } : options;
    }

    /// <param name="last">ETag of the run's checkpoint.</param>
    /// <returns>False where it is to begin anew with fewer epochs.</returns>
    private async Task<bool> TryTrainAsync(OwnedRun run, Trainer trainer, ETag? last, CancellationToken interrupted)
    {
        var (times, epochs) = (new EpochTimes(trainer.Start.Costs), trainer.History.Options.Epochs);
        if (trainer.EpochsDone > 0)
            await run.ChangeAsync(status => status with { Progress = Progress(trainer, status.Progress?.SecondsLeft) }, interrupted);
        while (trainer.EpochsDone < epochs && SecondsLeft(trainer, run.Status) > 0)
        {
            // Off the thread that beats.
            var epoch = await Task.Run(() => trainer.RunEpoch(stepDone: null, interrupted), interrupted);
            // Before the checkpoint: whoever finds one goes on with it.
            if (epoch.Epoch == 1 && await IsShortenedAsync(run, trainer.History.Options, epoch.Seconds, interrupted))
                return false;
            last = await SaveAsync(run, trainer, last, interrupted);
            var left = Math.Min(times.Left(epoch).TotalSeconds, Math.Max(0, SecondsLeft(trainer, run.Status)));
            await run.ChangeAsync(status => status with { Progress = Progress(trainer, left) }, interrupted);
            logger.EpochDone(run.Id, epoch.Epoch, epochs, epoch.Loss);
        }
        return true;
    }

    /// <summary>
    /// A training that is cut off in the middle of its cycle ends at a high learning rate, and with attention that has not joined yet. So the cycle is
    /// made to fit into the time, as the first epoch foretells it.
    /// </summary>
    /// <param name="seconds">Of the first epoch.</param>
    private async Task<bool> IsShortenedAsync(OwnedRun run, TrainingOptions options, double seconds, CancellationToken interrupted)
    {
        if (run.Status is not { Shortened: null, Request.Minutes: { } minutes })
            return false;
        var planned = PlannedShare * 60 * minutes;
        if (EpochCosts.Fitting(options, seconds, planned) == options.Epochs)
            return false;
        var epochs = EpochCosts.Fitting(options, seconds, planned - seconds);
        // Not even one more: it stops after this one.
        if (epochs == 0)
            return false;
        await run.ChangeAsync(status => status with { Shortened = new ShortenedTraining(epochs, seconds) }, interrupted);
        logger.Shortened(run.Id, epochs, options.Epochs, minutes);
        return true;
    }

    /// <summary>The time of all machines counts, and that of whole epochs only.</summary>
    /// <returns>Infinite for a run without a limit.</returns>
    private static double SecondsLeft(Trainer trainer, TrainingRunStatus run) => run.Request.Minutes is { } minutes
        ? (60 * minutes) - (run.Shortened?.SecondsLost ?? 0) - trainer.History.Epochs.Sum(epoch => epoch.Seconds)
        : double.PositiveInfinity;

    private static TrainingRunProgress Progress(Trainer trainer, double? left) =>
        new(trainer.EpochsDone, trainer.History.Options.Epochs, [.. trainer.History.Epochs.Select(epoch => epoch.Loss)], left);

    /// <returns>A trainer in the state of the run's checkpoint, and its ETag; a new one where there is none or it cannot be used.</returns>
    private async Task<(Trainer Trainer, ETag? Checkpoint)> RestoreAsync(OwnedRun run, Func<Trainer> create, CancellationToken cancellationToken)
    {
        if (await checkpoints.TakeAsync(run.Id, run.Owner, cancellationToken) is not { } found)
            return (create(), null);
        if (TryRestore(run.Id, found, create) is { } restored)
            return (restored, found.ETag);
        logger.CheckpointDamaged(run.Id);
        return (create(), found.ETag);
    }

    private static Trainer? TryRestore(string run, StoredCheckpoint found, Func<Trainer> create)
    {
        if (!found.IsWhole)
            return null;
        var trainer = create();
        try
        {
            trainer.Restore(TrainingCheckpoint.Parse(found.Content.ToMemory().Span, run));
            return trainer;
        }
        // Whole and yet of no use: another version of this program wrote it, with other tensors or options.
        catch (Exception e) when (e is WeightsFormatException or TrainingDataException)
        {
            trainer.Dispose();
            return null;
        }
    }

    private async Task<ETag> SaveAsync(OwnedRun run, Trainer trainer, ETag? last, CancellationToken cancellationToken)
    {
        var content = new BinaryData(trainer.Checkpoint().ToBytes());
        for (var conflict = 0; conflict < MaxConflicts; conflict++)
        {
            if (await checkpoints.TryReplaceAsync(run.Id, run.Owner, content, last, cancellationToken) is { } written)
                return written;
            // Refused by a job that the run was taken from, by one that took it from us, or by this very write, whose answer was lost.
            await run.ChangeAsync(change: null, cancellationToken);
            last = (await checkpoints.TakeAsync(run.Id, run.Owner, cancellationToken))?.ETag;
        }
        throw new IOException($"The checkpoint of training run {run.Id} changed under {MaxConflicts} attempts to write it.");
    }

    private async Task<ModelFiles> FinishAsync(OwnedRun run, Trainer trainer, InputCheckNetwork? known, string parent, CancellationToken interrupted)
    {
        var request = run.Status.Request;
        var options = trainer.History.Options;
        // What slices look like does not change overnight: the champion's check goes on, unless nothing of it shall.
        using var own = request.FromScratch && options.InputCheckSteps > 0
            ? await Task.Run(() => InputCheckTraining.Fit(trainer.Split.Training, options.InputCheckSteps, options.Seed, stepDone: null, interrupted), interrupted)
            : null;
        var described = TrainingRun.Describe(run.Id, trainer, scores: null, time) with { ParentVersion = request.FromScratch ? null : parent };
        var (manifest, json, weights) = ModelFolder.Write(described, trainer.Average, request.FromScratch ? own : known);
        return new ModelFiles(manifest, new BinaryData(json), new BinaryData(weights));
    }

    private static string HashOf(IReadOnlyList<DataSetSlice> slices)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var slice in slices)
            hash.AppendData(Encoding.UTF8.GetBytes($"{slice.Id}\n{slice.ImageSha256}\n{slice.MaskSha256}\n"));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
