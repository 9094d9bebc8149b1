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
        var recipe = TrainingOptions.OfRecipe(request.FromScratch ? TrainingOptions.BestRecipe : TrainingOptions.FineTuneRecipe);
        var started = recipe.From(champion);
        var options = started with
        {
            StartsFrom = request.FromScratch ? null : started.StartsFrom,
            Epochs = request.Epochs ?? recipe.Epochs,
            // The locked set is what it is held out for.
            HeldOutShare = 0,
            ScoreEvery = 0,
        };
        options.Validate();
        return options;
    }
}
