using CtSeg.Contracts;
using CtSeg.Testing;

namespace CtSeg.TrainingJob.Tests.Registry;

/// <summary>A promotion that is not the first: the model that the promotions began from is compared as well.</summary>
[Collection(TorchCollection.Name)]
[Trait("Category", "Slow")]
public sealed class ChainedPromotionTests(AzuriteFixture azurite)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_AChampionThatLostAClassOnItsWay_When_ChallengersArePromoted_Then_OneThatLacksItTooIsRefusedForThatAndOneThatHasItServes()
    {
        using var world = await OpenAsync();
        await world.PublishAsync("c", blindFor: 2);
        var (code, output, _) = await world.RunAsync("promote", "c");
        (code, await world.CurrentAsync()).ShouldBe((ExitCodes.Failure, "b"));
        output.ShouldContain("since a, the model that the promotions began from, where 0.02 may be lost in all");
        var start = (await world.Store.FindDecisionAsync("c", Stop)).ShouldNotBeNull().Start.ShouldNotBeNull();
        (start.Model.Version, start.Groups, start.Problem).ShouldBe(("a", (await world.Store.FindDecisionAsync("c", Stop))!.Groups, null));
        (start.Classes[2].ChallengerDice, start.Classes[2].StartDice > 0.9, start.Classes[2].Passes).ShouldBe((0, true, false));

        await world.PublishAsync("d", blindFor: 0);
        (await world.RunAsync("promote", "d")).Output.ShouldContain("Since a, the model that the promotions began from");
        (await world.CurrentAsync()).ShouldBe("d");
        (await world.Store.FindDecisionAsync("d", Stop)).ShouldNotBeNull().Start.ShouldNotBeNull().Classes.ShouldAllBe(one => one.Gain == 0);
    }

    [Fact]
    public async Task Given_AStartThatIsDamaged_When_ABetterChallengerIsPromoted_Then_ItServesAndTheDecisionSaysSo()
    {
        using var world = await OpenAsync();
        await world.BreakAsync(BlobPaths.ModelWeights("a"));
        await world.PublishAsync("d", blindFor: 0);
        var (code, output, _) = await world.RunAsync("promote", "d");
        code.ShouldBe(ExitCodes.Success);
        output.ShouldContain("Not compared with a, the model that the promotions began from: models/a/weights.safetensors has the SHA-256");
        (await world.Store.FindDecisionAsync("d", Stop)).ShouldNotBeNull().Start.ShouldNotBeNull().Problem.ShouldNotBeNull();
    }

    /// <summary>From a, which finds all classes, promotions led to b, which misses one.</summary>
    private async Task<ModelsWorld> OpenAsync()
    {
        var world = await ModelsWorld.OpenAsync(azurite);
        await world.ServeAsync("a", blindFor: 0);
        await world.PublishAsync("b", blindFor: 2);
        (await world.RunElsewhereAsync("b")).Done.ShouldBeTrue();
        return world;
    }
}
