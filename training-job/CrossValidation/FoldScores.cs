using System.Text.Json;
using CtSeg.Models;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.CrossValidation;

/// <summary>The scores of a recipe: those of the models of a cross-validation, each on the slices that it never saw. For a model that is trained on all slices.</summary>
internal static class FoldScores
{
    public const string Note =
        "Of the models of a cross-validation by groups with the same recipe, each on the groups that it never saw; this model was trained on all. "
        + "Its recipe may have been chosen by scores on them. " + GroupBootstrap.Caveat;

    /// <param name="folders">Model folders of the folds.</param>
    /// <param name="options">Of the model that gets the scores.</param>
    /// <exception cref="TrainingDataException">The folds are of other options or data, or do not hold out every slice exactly once.</exception>
    /// <exception cref="Registry.ModelFolderException">A folder holds no model.</exception>
    public static ModelScores Score(IReadOnlyList<string> folders, TrainingOptions options, TrainingData data, CancellationToken cancellationToken)
    {
        var models = new ScoredModels(folders, data, ScoredGroups.HeldOut) { Judgement = Judgement.Of(options.Configuration) };
        foreach (var folder in folders)
        {
            if (FindDifference(ResultOf(folder), options, data) is { } difference)
                throw new TrainingDataException($"The model in '{folder}' comes from other {difference}: its scores say nothing about this one.");
        }
        if (data.Slices.FirstOrDefault(slice => !models.Scores(slice)) is { } missing)
            throw new TrainingDataException($"None of the models held out the slice '{missing.Name}': give all folds of the cross-validation.");
        var (predictions, without) = PredictionDisplay.Show(
            models.CountPredictions(zeroAttention: true), predicted => models.Predict(data.Slices, zeroAttention: true, cancellationToken, predicted));
        return Evaluator.Score(predictions, AttentionZeroing.Effect(predictions, without), Note);
    }

    /// <summary>In what a training does not learn as another. What is not part of a recipe may differ: what a fold has no use for, the seed; how logits are judged.</summary>
    /// <returns>The first option of another value; null where they learn alike.</returns>
    public static string? FindDifference(TrainingOptions there, TrainingOptions here) =>
        TrainingCheckpoint.FindDifference(FoldOptions.Used(there), FoldOptions.Used(here) with { Seed = there.Seed });

    private static string? FindDifference(FoldResult fold, TrainingOptions options, TrainingData data) =>
        fold.DataSha256 != data.Sha256 ? "data" : FindDifference(fold.Options, options) is { } option ? $"options ({option})" : null;

    private static FoldResult ResultOf(string folder)
    {
        var path = Path.TrimEndingDirectorySeparator(folder) + ".json";
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), CrossValidationJson.Default.FoldResult)
                ?? throw new TrainingDataException($"'{path}' is empty.");
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            throw new TrainingDataException($"The result of the fold beside '{folder}' cannot be read: {exception.Message}");
        }
    }
}
