using System.Text.Json;
using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.Preprocessing;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.InputCheck;
using CtSeg.TrainingJob.Model;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Training;

/// <summary>A training run in a folder: `checkpoint.safetensors` and `training.json` after every epoch, `curves.png` after every scored one, the model folder at the end.</summary>
internal sealed class TrainingRun(string outFolder, string version, TimeProvider time)
{
    public const string WeightsLicence =
        "Research and non-commercial use only; not a medical device. See LICENSE beside the weights.";

    /// <summary>Stops after the epoch in which this time passes; null for no limit.</summary>
    public TimeSpan? Limit { get; init; }

    public bool Resume { get; init; }

    /// <summary>What it goes on from, as the options name it; null for random first weights.</summary>
    public StartingModel? From { get; init; }

    /// <summary>Of the model that is trained; null for none. That of <see cref="From"/> speaks of other data and is not taken over.</summary>
    public ModelCard? Card { get; init; }

    /// <summary>Of the same recipe, for a model that holds nothing out and is trained to the end; null for none.</summary>
    public ModelScores? ScoresOfRecipe { get; init; }

    /// <exception cref="TrainingDataException">The data or the checkpoint cannot be used, or the folder holds another training or model.</exception>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    public ModelManifest Execute(TrainingOptions options, TrainingData data, ITrainingProgress progress, CancellationToken cancellationToken)
    {
        var checkpoint = Path.Combine(outFolder, TrainingCheckpoint.FileName);
        var goesOn = Prepare(outFolder, Resume);
        var started = time.GetTimestamp();
        using var trainer = new Trainer(options, data, time, From?.Weights);
        From?.RequireUnseen(trainer.Split.HeldOut);
        if (goesOn)
        {
            trainer.Restore(TrainingCheckpoint.Load(checkpoint));
            // Whoever ended the process between the two files left the last epoch out of this one.
            WriteHistory(trainer.History);
        }
        progress.Started(trainer.Start);
        while (trainer.EpochsDone < options.Epochs && !(Limit is { } limit && time.GetElapsedTime(started) >= limit))
        {
            var epoch = trainer.RunEpoch(progress.StepDone, cancellationToken);
            trainer.Checkpoint().Save(checkpoint);
            WriteHistory(trainer.History);
            // Whoever stops a training because of its curves wants to see them, with scores or without.
            if (options.ScoreEvery > 0 && trainer.EpochsDone % options.ScoreEvery == 0)
                DrawCurves(trainer.History);
            progress.EpochDone(epoch);
        }
        // A training that was killed before it could draw them has no other epoch to do it in.
        DrawCurves(trainer.History);
        var learnsInputs = From is null && options.InputCheckSteps > 0;
        if (learnsInputs)
            progress.Finishing("learning what slices look like, for the check of inputs");
        using var own = !learnsInputs
            ? null
            : InputCheckTraining.Fit(
                trainer.Split.Training, options.InputCheckSteps, options.Seed, done => progress.FinishingStepDone(done, options.InputCheckSteps), cancellationToken);
        var scoresOfRecipe = trainer.EpochsDone == options.Epochs ? ScoresOfRecipe : null;
        if (trainer.Split.HeldOut.Count > 0)
            progress.Finishing("scoring the held-out slices");
        var scores = trainer.Split.HeldOut.Count == 0 ? scoresOfRecipe : trainer.Score(zeroAttention: true, cancellationToken);
        // Half of what a model learnt from would let the other half be scored as unseen.
        if (From is null or { LearntFrom: not null })
            ModelFolder.WriteTrainedOn(outFolder, LearntFrom(version, trainer.Split.Training, From?.LearntFrom));
        var manifest = Describe(version, trainer, scores, time) with { ParentVersion = From?.Manifest.Version, Card = Card };
        // What slices look like does not change with more of them: the check of the model that it goes on from stays.
        return ModelFolder.Save(outFolder, manifest, trainer.Average, From is null ? own : From.InputCheck);
    }

    /// <summary>Makes the folder of a training, unless that would overwrite another one.</summary>
    /// <returns>Whether it holds a training to go on with.</returns>
    /// <exception cref="TrainingDataException">The folder holds another training or model.</exception>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    public static bool Prepare(string folder, bool resume)
    {
        var hasCheckpoint = File.Exists(Path.Combine(folder, TrainingCheckpoint.FileName));
        if (hasCheckpoint && !resume)
            throw new TrainingDataException($"'{folder}' holds a training already: go on with it by --resume, or give another folder.");
        // A finished model may be all that is left of days; whose it is only its checkpoint could tell.
        if (!hasCheckpoint && File.Exists(Path.Combine(folder, ModelFolder.ManifestName)))
            throw new TrainingDataException($"'{folder}' holds a model without the checkpoint of its training, which this training would overwrite: give another folder.");
        OutputFolder.Prepare(folder);
        return hasCheckpoint;
    }

    /// <summary>What a model learnt from slices of a folder, whose groups have no salt to be named by.</summary>
    /// <param name="parent">What the model that it went on from had seen; null for none.</param>
    public static TrainedOn LearntFrom(string version, IEnumerable<LabelledSlice> slices, TrainedOn? parent = null)
    {
        var learnt = slices.Select(slice => (Picture: PictureIdentity.Of(slice.Image), slice.Mask)).ToList();
        return TrainedOn.Of(
            version, dataSet: null, learnt.Select(slice => slice.Picture), groups: [], parent, masks: learnt.Select(slice => LearntMask.Of(slice.Picture, slice.Mask)));
    }

    /// <summary>The manifest of a trained model.</summary>
    public static ModelManifest Describe(string version, Trainer trainer, ModelScores? scores, TimeProvider time)
    {
        var (options, history) = (trainer.History.Options, trainer.History);
        return NewManifest(version, options.Configuration, time) with
        {
            Training = new TrainingRecord(
                history.DataSha256,
                trainer.Split.Training.Count,
                trainer.Split.Training.Select(slice => slice.Group).Distinct().Count(),
                [.. trainer.Split.HeldOut.Select(slice => slice.Group).Distinct().Order(StringComparer.Ordinal)],
                trainer.EpochsDone,
                Math.Round(history.Epochs.Sum(epoch => epoch.Seconds) / 60, 1),
                [.. history.Machines.Select(machine => machine.ToString())],
                JsonSerializer.SerializeToElement(options, TrainingJson.Default.TrainingOptions)),
            Scores = scores,
        };
    }

    /// <summary>The manifest of a model that was neither trained nor scored.</summary>
    public static ModelManifest NewManifest(string version, ModelConfiguration configuration, TimeProvider time) => new()
    {
        Version = version,
        CreatedUtc = time.GetUtcNow().UtcDateTime,
        Configuration = configuration,
        Classes = [.. Enum.GetValues<LesionClass>().Select(lesion => lesion.Token)],
        Preprocessing = new ModelPreprocessing(SlicePreprocessor.Side, SlicePreprocessor.Side, AreaResize.Description, InputScaling.Description),
        WeightsSha256 = "",
        WeightsLicence = WeightsLicence,
    };

    private void DrawCurves(TrainingHistory history) => TrainingCurves.Save(history, Path.Combine(outFolder, "curves.png"));

    private void WriteHistory(TrainingHistory history) => ModelFolder.ReplaceFile(
        Path.Combine(outFolder, "training.json"), JsonSerializer.SerializeToUtf8Bytes(history, TrainingJson.Default.TrainingHistory));
}
