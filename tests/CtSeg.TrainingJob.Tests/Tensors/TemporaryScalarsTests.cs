using CtSeg.TrainingJob.Tensors;
using TorchSharp;
using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Tensors;

public sealed class TemporaryScalarsTests
{
    // A batch normalisation makes a number when it is called in training. These never are: NormalisedConvolution computes what they would.
    private static readonly string[] NeverCalled =
    [
        "CtSeg.TrainingJob.Model.DoubleConvolution..ctor(Int32, Int32) calls TorchSharp.torch/nn.BatchNorm2d",
        "CtSeg.TrainingJob.Model.ResNeXtBlock..ctor(Int32, Int32, Int32, Double) calls TorchSharp.torch/nn.BatchNorm2d",
    ];

    [Fact]
    public void Given_TheJob_When_Read_Then_NothingMakesANumberThatNothingKeeps()
    {
        using var scan = new TemporaryScalars();
        var found = scan.In(typeof(KeptScalar).Assembly);
        found.Where(call => !NeverCalled.Any(known => call.StartsWith(known, StringComparison.Ordinal))).ShouldBeEmpty("write Kept(number), and where TorchSharp makes one the call that takes it: see KeptScalar");
        NeverCalled.Where(known => !found.Any(call => call.StartsWith(known, StringComparison.Ordinal))).ShouldBeEmpty("they need no exception any more");
    }

    [Fact]
    public void Given_Examples_When_Read_Then_ThoseThatKeepNothingAreFound()
    {
        using var scan = new TemporaryScalars();
        var examples = typeof(Examples).FullName!.Replace('+', '/') + ".";
        scan.In(typeof(Examples).Assembly).Where(call => call.StartsWith(examples, StringComparison.Ordinal)).Select(call => call[examples.Length..])
            .ShouldBe(
            [
                "BatchNorm() calls TorchSharp.torch/nn.BatchNorm2d(Int64, Double, Double, Boolean, Boolean, Device, Nullable`1)",
                "Converted(Tensor) calls TorchSharp.Scalar.op_Implicit(Int32)",
                "Hidden(Tensor) calls TorchSharp.torch/Tensor.add(Tensor)",
                "HiddenDeep(Tensor) calls TorchSharp.torch.square(Tensor)",
                "Variable(Tensor) calls TorchSharp.Scalar.op_Implicit(Int32)",
            ]);
    }

    private static class Examples
    {
        private static readonly Scalar Two = 2;

        public static Tensor Converted(Tensor tensor) => tensor.mul(2);

        public static Tensor Variable(Tensor tensor)
        {
            Scalar two = 2;
            return tensor.mul(two).mul(two);
        }

        public static Tensor Hidden(Tensor tensor) => tensor.add(tensor);

        public static Tensor HiddenDeep(Tensor tensor) => square(tensor);

        public static nn.Module<Tensor, Tensor> BatchNorm() => nn.BatchNorm2d(1);

        public static Tensor Static(Tensor tensor) => tensor.mul(Two);

        public static Tensor Used(Tensor tensor)
        {
            using Scalar two = 2;
            return tensor.mul(two);
        }

        public static Tensor InRing(Tensor tensor) => tensor.add(tensor, alpha: Kept(2));
    }
}
