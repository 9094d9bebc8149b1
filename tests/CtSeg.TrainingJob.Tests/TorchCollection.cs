using CtSeg.TrainingJob.Inference;

namespace CtSeg.TrainingJob.Tests;

/// <summary>Tests that use the tensor library run one after another: its generator and its threads are the process's.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TorchCollection : ICollectionFixture<TorchCollection.OneThread>
{
    public const string Name = "Torch";

    /// <summary>The tensors of tests are small: a second thread costs more in waiting than it does, most of all on a busy machine.</summary>
    public sealed class OneThread
    {
        public OneThread()
        {
            Threads.Fix(1);
            // Bits repeat there.
            ComputeDevice.Fix(ComputeDevice.Cpu);
        }
    }
}
