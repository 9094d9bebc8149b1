namespace CtSeg.TrainingJob.Tests;

/// <summary>Tests that use the tensor library run one after another: its generator and its threads are the process's.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TorchCollection
{
    public const string Name = "Torch";
}
