using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Tests.Model;
using CtSeg.TrainingJob.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Training;

/// <summary>Trainings elsewhere than on the CPU. Tensors on "meta" have a device and no values: what must lie there, and what must not, shows on any machine.</summary>
[Collection(TorchCollection.Name)]
public sealed class TrainingDeviceTests
{
    private static readonly TrainingOptions Options = new()
    {
        // Three levels hash, the lowest attends exactly.
        Configuration = ResidualAttentionUNetTests.Tiny with { ExactAttentionLevels = [3] },
        ClassWeights = [1, 2, 2, 5],
        Epochs = 2,
        InputSize = 32,
        BatchSize = 3,
        HeldOutShare = 0.3,
        ScoreEvery = 1,
        InputCheckSteps = 3,
    };

    [Fact]
    public void Given_AnotherDevice_When_ATrainingGoesOnThere_Then_AllOfItsStateLiesThereAndTheMachineSaysSo()
    {
        var data = TrainingRunTests.Circles(8);
        using var onCpu = new Trainer(Options, data, TimeProvider.System);
        onCpu.RunEpoch(stepDone: null, CancellationToken.None);
        using var there = new Elsewhere(new Device(DeviceType.META));

        using var trainer = new Trainer(Options, data, TimeProvider.System);
        trainer.Restore(onCpu.Checkpoint());

        var state = trainer.Checkpoint();
        foreach (var (name, tensor) in state.Network.Concat(state.Average).Concat(state.First).Concat(state.Second))
            tensor.device_type.ShouldBe(DeviceType.META, name);
        trainer.Average.buffers().ShouldAllBe(buffer => buffer.device_type == DeviceType.META);
        trainer.Average.Device.type.ShouldBe(DeviceType.META);
        TrainingMachine.Current.Device.ShouldBe("meta");
        trainer.Start.Moved.ShouldBeTrue();
        // It computes with the weights as the modules hand them out: one that had stayed could not be combined with the others.
        trainer.Average.FoldNormalisation();
    }

    [Fact]
    public void Given_AGraphicsProcessor_When_ATrainingRunsOrGoesOnThere_Then_ItsLossesAreNearlyThoseOfTheCpu()
    {
        Assert.SkipUnless(cuda.is_available(), "Needs a graphics processor with CUDA.");
        using var folder = new TemporaryFolder();
        var data = TrainingRunTests.Circles(8);
        var expected = Train(folder["cpu"], data);
        using (var half = new Trainer(Options, data, TimeProvider.System))
        {
            half.RunEpoch(stepDone: null, CancellationToken.None);
            Directory.CreateDirectory(folder["moved"]);
            half.Checkpoint().Save(Path.Combine(folder["moved"], TrainingCheckpoint.FileName));
        }
        using var there = new Elsewhere(CUDA);
        foreach (var name in new[] { "cuda", "moved" })
        {
            var losses = Train(folder[name], data);
            // Another order of sums moves a token to another bucket now and then.
            losses.Zip(expected, (one, other) => Math.Abs(one - other) / other).ShouldAllBe(difference => difference < 0.02);
            ModelFolder.ReadManifest(folder[name]).Training!.Machines[^1].ShouldContain("cuda");
            var (_, network, check) = ModelFolder.Load(folder[name]);
            network.Dispose();
            using (check)
                check!.Score(data.Slices[0].Image).ShouldBeInRange(0, 1);
        }
    }

    private static List<double> Train(string folder, TrainingData data)
    {
        new TrainingRun(folder, "test", TimeProvider.System) { Resume = true }.Execute(Options, data, new PlainProgress(TextWriter.Null, TimeProvider.System), CancellationToken.None);
        return [.. TrainingCheckpoint.Load(Path.Combine(folder, TrainingCheckpoint.FileName)).History.Epochs.Select(epoch => epoch.Loss)];
    }

    private sealed class Elsewhere : IDisposable
    {
        private readonly Device _before = ComputeDevice.Current;

        public Elsewhere(Device device) => ComputeDevice.Current = device;

        public void Dispose() => ComputeDevice.Current = _before;
    }
}
