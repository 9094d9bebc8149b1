using CtSeg.TrainingJob.Model;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Model;

[Collection(TorchCollection.Name)]
public sealed class NormalisedConvolutionTests
{
    [Fact]
    public void Given_ABatchNormalisation_When_TrainedAndEvaluated_Then_ResultsAndStatisticsAreThoseOfItsOwnCall()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var convolution = nn.Conv2d(3, 4, 1, bias: false);
        using var norm = nn.BatchNorm2d(4);
        using var own = nn.BatchNorm2d(4);
        using var normalised = new NormalisedConvolution(convolution, norm) { Plain = true };
        foreach (var training in new[] { true, true, false })
        {
            norm.train(training);
            own.train(training);
            var input = randn([2, 3, 5, 7]);
            normalised.Apply(input).SameAs(own.call(convolution.call(input))).ShouldBeTrue();
            foreach (var (name, expected) in own.state_dict())
                norm.state_dict()[name].SameAs(expected).ShouldBeTrue(name);
        }
        own.num_batches_tracked!.item<long>().ShouldBe(2);
    }
}
