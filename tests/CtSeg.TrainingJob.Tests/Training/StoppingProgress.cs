using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests.Training;

/// <summary>Stops a training after its first epoch.</summary>
internal sealed class StoppingProgress(CancellationTokenSource stop) : ITrainingProgress
{
    public void Started(TrainingStart start)
    {
    }

    public void StepDone(int steps)
    {
    }

    public void EpochDone(EpochRecord epoch) => stop.Cancel();
}
