using CtSeg.TrainingJob.Model;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Model;

[Collection(TorchCollection.Name)]
public sealed class PointwiseConvolutionTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Given_AMap_When_Convolved_Then_BothWaysEqualTorchsConvolutionAndAreChannelsLast(bool withBias)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (map, weight) = (randn([2, 5, 7, 9]), randn([6, 5, 1, 1]));
        var bias = withBias ? randn([6]) : null;
        var expected = nn.functional.conv2d(map, weight, bias);
        foreach (var convolve in new Func<Tensor, Tensor, Tensor?, Tensor>[] { PointwiseConvolution.Apply, PointwiseConvolution.Product })
        {
            var convolved = convolve(map, weight, bias);
            convolved.sub(expected).abs().max().item<float>().ShouldBeLessThan(1e-5f);
            convolved.permute(0, 2, 3, 1).is_contiguous().ShouldBeTrue();
        }
    }

    // On one thread the convolution is dilated, which must make no difference.
    [Fact]
    public void Given_OneThread_When_Convolved_Then_ResultAndGradientsAreThoseOfTheProduct()
    {
        using var scope = NewDisposeScope();
        var threads = get_num_threads();
        set_num_threads(1);
        try
        {
            manual_seed(3);
            var (map, weight) = (randn([2, 8, 7, 9]).requires_grad_(), randn([6, 8, 1, 1]).requires_grad_());
            var (actual, expected) = (PointwiseConvolution.Apply(map, weight, bias: null), PointwiseConvolution.Product(map, weight, bias: null));
            actual.shape.ShouldBe(expected.shape);
            actual.sub(expected).abs().max().item<float>().ShouldBeLessThan(1e-5f);
            var flowing = randn_like(expected);
            foreach (var (one, other) in autograd.grad([actual], [map, weight], [flowing]).Zip(autograd.grad([expected], [map, weight], [flowing])))
                one.sub(other).abs().max().item<float>().ShouldBeLessThan(1e-4f);
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    [Fact]
    public void Given_AProduct_When_Differentiated_Then_GradientsEqualThoseOfTheConvolution()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        var (map, weight) = (randn([2, 3, 4, 5]).requires_grad_(), randn([4, 3, 1, 1]).requires_grad_());
        var flowing = randn([2, 4, 4, 5]);
        Tensor[] Gradients(Func<Tensor, Tensor, Tensor?, Tensor> convolve) =>
            [.. autograd.grad([convolve(map, weight, null)], [map, weight], [flowing])];
        var (actual, expected) = (Gradients(PointwiseConvolution.Product), Gradients((x, w, b) => nn.functional.conv2d(x, w, b)));
        foreach (var (one, other) in actual.Zip(expected))
            one.sub(other).abs().max().item<float>().ShouldBeLessThan(1e-5f);
    }
}
