using CtSeg.Models;
using CtSeg.TrainingJob.Training;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>How a challenger is trained: as the best recipe says, or from the champion's weights in fewer and gentler epochs.</summary>
internal static class RetrainingRecipe
{
    // A sixteenth of the epochs of a training from random weights, at a quarter of its highest rate; docs/results/experiments.md, "A retraining".
    private const int FineTuningEpochs = 60;
    private const double FineTuningRate = 1e-3;

    /// <param name="configuration">The champion's: its weights fit no other.</param>
    /// <exception cref="InvalidDataException">The options are not valid.</exception>
    public static TrainingOptions For(TrainingRunRequest request, ModelConfiguration configuration)
    {
        var best = TrainingOptions.OfRecipe(TrainingOptions.BestRecipe);
        var options = best with
        {
            Configuration = configuration,
            InputSize = configuration.InputSide ?? best.InputSize,
            Epochs = request.Epochs ?? (request.FromScratch ? best.Epochs : FineTuningEpochs),
            // The locked set is what it is held out for.
            HeldOutShare = 0,
            ScoreEvery = 0,
        };
        if (!request.FromScratch)
            options = options with { Stages = [], AttendsFrom = 0, AttendsRate = 0, LearningRate = FineTuningRate };
        options.Validate();
        return options;
    }
}
