using System.Text.Json;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.CrossValidation;

/// <summary>
/// Trains and scores every run on every fold. A finished fold is a file that a later call reads, with its model in a folder beside it; an unfinished
/// one goes on from its last epoch. Several processes may share a folder: none trains a fold that another one trains.
/// </summary>
internal sealed class CrossValidator(string folder, CrossValidationPlan plan, TrainingData data, TimeProvider time)
{
    private readonly IReadOnlyList<GroupSplit> _folds = GroupSplit.Folds(data.Slices, plan.Folds, plan.FoldSeed);

    /// <param name="progress">Told of every fold that is trained, with its name.</param>
    /// <returns>Null where another process trains it.</returns>
    /// <exception cref="TrainingDataException">A checkpoint belongs to other options.</exception>
    public FoldResult? Fold(CrossValidationRun run, int fold, Func<string, ITrainingProgress> progress, CancellationToken cancellationToken)
    {
        var split = _folds[fold];
        var options = plan.OptionsOf(run, split.Training);
        var path = Path.Combine(folder, run.Name, $"fold{fold + 1}.json");
        if (Finished(path, options, split) is { } finished)
            return finished;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var held = TrainingLock.TryTake(Path.ChangeExtension(path, ".lock"));
        if (held is null)
            return null;
        // Whoever had it until now may have finished it.
        var result = Finished(path, options, split);
        if (result is null)
        {
            result = Train(run, fold, options, Path.ChangeExtension(path, ".safetensors"), progress, cancellationToken);
            ModelFolder.ReplaceFile(path, JsonSerializer.SerializeToUtf8Bytes(result, CrossValidationJson.Default.FoldResult));
        }
        held.IsDone = true;
        return result;
    }

    private FoldResult? Finished(string path, TrainingOptions options, GroupSplit split)
    {
        if (!File.Exists(path))
            return null;
        try
        {
            var result = JsonSerializer.Deserialize(File.ReadAllBytes(path), CrossValidationJson.Default.FoldResult);
            if (result is null)
                throw Unreadable();
            var differs = result.DataSha256 != data.Sha256 ? "data"
                : FindDifference(result.Options, options) is { } option ? $"options ({option})"
                : !result.Slices.Select(slice => slice.Name).SequenceEqual(split.HeldOut.Select(slice => slice.Name)) ? "folds"
                : null;
            return differs is null ? result : throw new TrainingDataException($"'{path}' is of other {differs}: use the same, or another folder.");
        }
        catch (JsonException)
        {
            throw Unreadable();
        }

        TrainingDataException Unreadable() => new($"'{path}' cannot be read: delete it to train the fold again.");
    }

    // A fold's result is of masks, which no temperature changes (offsets do).
    private static string? FindDifference(TrainingOptions there, TrainingOptions here) => OptionPaths.FindDifference(
        FoldOptions.Used(there), FoldOptions.Used(here) with { Configuration = here.Configuration with { Temperature = there.Configuration.Temperature } });

    private FoldResult Train(
        CrossValidationRun run, int fold, TrainingOptions options, string checkpoint, Func<string, ITrainingProgress> reporter, CancellationToken cancellationToken)
    {
        using var trainer = new Trainer(options, _folds[fold], data.Sha256, time);
        if (File.Exists(checkpoint))
            trainer.Restore(TrainingCheckpoint.Load(checkpoint));
        var progress = reporter($"{run.Name} fold {fold + 1}/{plan.Folds}");
        progress.Started(trainer.Start);
        while (trainer.EpochsDone < options.Epochs)
        {
            var epoch = trainer.RunEpoch(progress.StepDone, cancellationToken);
            trainer.Checkpoint().Save(checkpoint);
            progress.EpochDone(epoch);
        }
        var predictions = Evaluator.Predict(trainer.Average, trainer.Split.HeldOut, cancellationToken);
        var version = $"{run.Name}-fold{fold + 1}";
        ModelFolder.Save(
            Path.ChangeExtension(checkpoint, null), TrainingRun.Describe(version, trainer, Evaluator.Score(predictions, effect: null), time), trainer.Average);
        return new FoldResult(
            options, data.Sha256, fold, trainer.StepsPerEpoch * options.Epochs,
            Math.Round(trainer.History.Epochs.Sum(epoch => epoch.Seconds) / 60, 2), trainer.History.Epochs[^1].Loss, trainer.History.Machines,
            [.. Evaluator.AtMaskSize(predictions).Zip(Evaluator.AtNetworkSize(predictions), (one, other) =>
                new FoldSlice(one.Name, one.Group, one.Matrix.Counts, other.Matrix.Counts))]);
    }
}
