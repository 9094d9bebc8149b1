using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests.Training;

public sealed class EpochCostsTests
{
    private static readonly TrainingOptions Best = TrainingOptions.OfRecipe(TrainingOptions.BestRecipe);
    private static readonly TrainingOptions FineTune = TrainingOptions.OfRecipe(TrainingOptions.FineTuneRecipe);

    // By hand: 600 epochs of 112 x 112 pixels, 300 of 160 x 160, and 100 of 224 x 224 that cost three times that; 2412.2449 times the first one.
    [Theory]
    [InlineData(1, 2412.25, 1000)]
    [InlineData(1, 2412.24, 999)]
    // 106 + 53 * 160^2 / 112^2 + 18 * 3 * 4 = 430.2; one more of the first and 431.2. There are 431.
    [InlineData(60, 25860, 177)]
    // A single one is of the full size and has the attention too.
    [InlineData(1, 12, 1)]
    [InlineData(1, 11.99, 0)]
    [InlineData(1, -5, 0)]
    public void Given_StagesAndLateAttention_When_TimeIsShort_Then_AsManyEpochsFitAsTheWholeCycleCosts(double seconds, double within, int fitting) =>
        EpochCosts.Fitting(Best, seconds, within).ShouldBe(fitting);

    [Theory]
    [InlineData(1, 0, 0, 1)]
    [InlineData(3, 2, 2, 3)]
    [InlineData(4, 2, 3, 4)]
    [InlineData(1000, 600, 900, 1000)]
    public void Given_AnyNumberOfEpochs_When_Staged_Then_TheLastOneShowsSlicesAtFullSize(int epochs, params int[] until) =>
        EpochCosts.Stages(Best with { Epochs = epochs }).Select(stage => stage.UntilEpoch).ShouldBe(until);

    [Theory]
    [InlineData(120, 3600, 30)]
    [InlineData(120, 3599, 29)]
    [InlineData(120, 7200, 60)]
    [InlineData(120, 1e9, 60)]
    [InlineData(0, 10, 60)]
    public void Given_EpochsOfOneKind_When_TimeIsShort_Then_TheyFitByTheirNumber(double seconds, double within, int fitting) =>
        EpochCosts.Fitting(FineTune, seconds, within).ShouldBe(fitting);
}
