using CtSeg.Models;
using CtSeg.TrainingJob.CrossValidation;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests.CrossValidation;

public sealed class CrossValidationTablesTests
{
    private static readonly CrossValidationRun M1 = new(Architectures.Full, Augmented: true, Seed: 1);

    private static readonly CrossValidationPlan Plan = new(new TrainingOptions(), [M1], Folds: 2, FoldSeed: 1, Steps: null);

    private static readonly TrainingData Data = new([], "data");

    // As older programs wrote them: without data and options.
    private const string Tables = 
        """{"folds":2,"foldSeed":1,"steps":null,"networks":[{"architecture":"m","augmented":true,"seeds":[1,2]},{"architecture":"unet","augmented":false,"seeds":[1]}]}""";

    [Fact]
    public void Given_TablesOfMoreNetworksAndSeeds_When_FewerAreToBeWritten_Then_WhatWouldBeLostIsNamed()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder[CrossValidationTables.NumbersName], Tables);
        var message = Should.Throw<TrainingDataException>(() => CrossValidationTables.RequireNoneLost(folder.Path, Plan, Data)).Message;
        message.ShouldContain("m-augmented-seed2, unet-plain-seed1.");
        message.ShouldContain("--tables");
    }

    [Fact]
    public void Given_TablesOfNoMoreThanThePlanHas_When_Asked_Then_TheyMayBeReplaced()
    {
        using var folder = new TemporaryFolder();
        CrossValidationTables.RequireNoneLost(folder["nowhere"], Plan, Data);
        CrossValidationTables.RequireNoneLost(folder.Path, Plan, Data);
        File.WriteAllText(folder[CrossValidationTables.NumbersName], Tables);
        CrossValidationTables.RequireNoneLost(folder.Path, Plan with { Runs = [M1, M1 with { Seed = 2 }, new CrossValidationRun(Architectures.UNet, Augmented: false, Seed: 1), M1 with { Seed = 3 }] }, Data);
    }

    [Theory]
    [InlineData(3, 1, null)]
    [InlineData(2, 2, null)]
    [InlineData(2, 1, 1500)]
    public void Given_TablesOfAnotherCrossValidation_When_TheyWouldBeReplaced_Then_ItIsRefused(int folds, int foldSeed, int? steps)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder[CrossValidationTables.NumbersName], Tables);
        var other = Plan with { Folds = folds, FoldSeed = foldSeed, Steps = steps, Runs = [M1, M1 with { Seed = 2 }, new CrossValidationRun(Architectures.UNet, Augmented: false, Seed: 1)] };
        Should.Throw<TrainingDataException>(() => CrossValidationTables.RequireNoneLost(folder.Path, other, Data)).Message.ShouldContain("another cross-validation");
    }

    [Theory]
    [InlineData("data", 0.001, 8, null)]
    [InlineData("other", 0.001, 8, "with other data:")]
    [InlineData("data", 0.002, 8, "with other learningRate:")]
    [InlineData("data", 0.001, 16, "with other configuration.baseChannels:")]
    public void Given_TablesOfOtherDataOrOptions_When_TheyWouldBeReplaced_Then_ItIsRefusedByName(string data, double learningRate, int baseChannels, string? reason)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(
            folder[CrossValidationTables.NumbersName],
            """{"folds":2,"foldSeed":1,"steps":null,"dataSha256":"data","options":{"learningRate":0.001,"configuration":{"baseChannels":8,"exactAttentionLevels":[3]}},"networks":[{"architecture":"m","augmented":true,"seeds":[1]}]}""");
        var plan = Plan with { Options = new TrainingOptions { LearningRate = learningRate, Configuration = new ModelConfiguration { BaseChannels = baseChannels } } };
        void Ask() => CrossValidationTables.RequireNoneLost(folder.Path, plan, Data with { Sha256 = data });
        if (reason is null)
            Should.NotThrow(Ask);
        else
            Should.Throw<TrainingDataException>(Ask).Message.ShouldContain(reason);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"folds":2,"foldSeed":1,"steps":null,"networks":[{"architecture":"m","augmented":true,"seeds":["one"]}]}""")]
    [InlineData("""{"folds":2,"foldSeed":1,"steps":null,"networks":[{"architecture":"m","augmented":true,"seeds":[1.5]}]}""")]
    public void Given_AFileThatIsNoTables_When_ItWouldBeReplaced_Then_ItIsRefused(string content)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder[CrossValidationTables.NumbersName], content);
        Should.Throw<TrainingDataException>(() => CrossValidationTables.RequireNoneLost(folder.Path, Plan, Data)).Message.ShouldContain("cannot be read as tables");
    }
}
