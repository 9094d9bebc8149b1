using CtSeg.TrainingJob.Tensors;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Tensors;

public sealed class DevicelessTensorsTests
{
    private const string Job = "CtSeg.TrainingJob.";

    // What is made on the CPU on purpose: its own attention; slices, views and pictures, which move to the network's device as they are needed; files;
    // what only ever runs there.
    private static readonly string[] OnCpu =
    [
        "Attention.Fused.",
        "Attention.LshHash.BucketsOnCpu",
        "Bench.",
        "InputCheck.ForeignPictures.",
        "InputCheck.InputCheckTraining.Views",
        "Model.InputScaling.ToTensor",
        "Registry.NewModelCommand.SettleNormalisation",
        "Robustness.Movement.",
        "Training.Augmentation.",
        "Training.FixedViews.Apply",
        "Training.Simulation.",
        "Training.Trainer.ToTensors",
        "WeightFiles.Safetensors.Read",
    ];

    [Fact]
    public void Given_TheJob_When_Read_Then_WhatMeetsTheNetworkIsMadeOnADeviceThatSomebodyNamed()
    {
        var found = DevicelessTensors.In(typeof(KeptScalar).Assembly).Select(method => method[Job.Length..]).ToList();
        found.Where(method => !OnCpu.Any(known => method.StartsWith(known, StringComparison.Ordinal))).ShouldBeEmpty("give the device of the tensors that it is used with");
        OnCpu.Where(known => !found.Any(method => method.StartsWith(known, StringComparison.Ordinal))).ShouldBeEmpty("they need no exception any more");
    }

    [Fact]
    public void Given_Examples_When_Read_Then_ThoseThatNameNoDeviceAreFound() =>
        DevicelessTensors.In(typeof(Examples).Assembly)
            .Where(method => method.StartsWith(typeof(DevicelessTensorsTests).FullName!, StringComparison.Ordinal)).Select(method => method.Split('.')[^1])
            .ShouldBe(["InLambda", "OfArray", "OfType", "Plain"]);

    private static class Examples
    {
        public static Tensor Plain() => zeros(2, 2);

        public static Tensor OfType() => zeros([2], ScalarType.Bool);

        public static Tensor OfArray() => tensor(new float[2], [1, 2]);

        public static Func<Tensor> InLambda(int size) => () => ones(size);

        public static Tensor There(Tensor other) => zeros(2, 2, device: other.device);

        public static Tensor ThereOfType(Tensor other) => arange(0, 2, ScalarType.Int64, other.device);

        public static Tensor Like(Tensor other) => zeros_like(other);
    }
}
