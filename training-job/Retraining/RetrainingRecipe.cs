using CtSeg.Models;
using CtSeg.TrainingJob.Training;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>How a challenger is trained: as the best recipe says, or from the champion's weights as that for fine-tuning says.</summary>
internal static class RetrainingRecipe
{
    /// <exception cref="InvalidDataException">The options are not valid.</exception>
    public static TrainingOptions For(TrainingRunRequest request, ModelManifest champion)
    {
        var recipe = request.FromScratch
            ? TrainingOptions.OfRecipe(TrainingOptions.BestRecipe).Like(champion)
            : TrainingOptions.OfRecipe(TrainingOptions.FineTuneRecipe).From(champion);
        var options = recipe with
        {
            Epochs = request.Epochs ?? recipe.Epochs,
            // The locked set is what it is held out for.
            HeldOutShare = 0,
            ScoreEvery = 0,
        };
        options.Validate();
        return options;
    }
}
