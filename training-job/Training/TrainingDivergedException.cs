namespace CtSeg.TrainingJob.Training;

/// <summary>The loss or a weight is no longer a number: the weights are lost, the last checkpoint is not.</summary>
/// <param name="epoch">From 1.</param>
internal sealed class TrainingDivergedException(int epoch)
    : Exception($"The loss or a weight is no longer a number in epoch {epoch}: train anew with a lower learning rate.");
