using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.Models;

namespace CtSeg.EndToEnd.Tests.Retraining;

/// <summary>What <c>models promote</c> lets pass, on the locked set of a real system.</summary>
[Collection(SerialCollection.Name)]
[Trait("Category", "Slow")]
public sealed class PromotionTests
{
    private const int Effusion = 3;
    private const int Consolidation = 2;
    // Two commands that are started together may still come one after the other.
    private const int Rounds = 10;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_AWorseAnEqualAndABetterModel_When_Promoted_Then_OnlyTheBetterOneServes()
    {
        await using var world = await DiscStack.StartAsync("champion", async models =>
        [
            await DiscModels.CopyAsync(models, "champion", blindFor: Effusion),
            await DiscModels.CopyAsync(models, "equal", blindFor: Effusion),
            await DiscModels.CopyAsync(models, "worse", blindFor: Consolidation),
            await DiscModels.CopyAsync(models, "better"),
        ]);
        await world.ImportAsync();

        var worse = await world.RunAsync("models", "promote", "worse");
        var equal = await world.RunAsync("models", "promote", "equal");
        (await world.CurrentAsync()).ShouldBe("champion");
        var better = await world.RunAsync("models", "promote", "better");

        (worse.Code, equal.Code, better.Code).ShouldBe((1, 1, 0), $"{worse.Said}\n{equal.Said}\n{better.Said}");
        worse.Said.ShouldContain("consolidation is not proven to keep its Dice");
        equal.Said.ShouldContain("not proven better");
        // Better in what the champion never finds, and still refused for what it lost.
        var refused = (await world.Models.FindDecisionAsync("worse", Cancel)).ShouldNotBeNull();
        refused.Classes[Consolidation - 1].Passes.ShouldBeFalse();
        refused.Classes[Effusion - 1].Passes.ShouldBeTrue();
        refused.Classes[Effusion - 1].Gain.ShouldNotBeNull().ShouldBeGreaterThan(0.5);
        refused.Groups.ShouldBeGreaterThanOrEqualTo(5);
        (await world.CurrentAsync()).ShouldBe("better");
        (await world.Models.FindDecisionAsync("better", Cancel)).ShouldNotBeNull().Promote.ShouldBeTrue();
        (await world.MovesAsync()).Select(move => (move.Move.Kind, move.Move.To.Version, move.Step))
            .ShouldBe([(AliasMoveKind.Seed, "champion", AliasMoveStep.Done), (AliasMoveKind.Promotion, "better", AliasMoveStep.Done)]);
        await Eventually.HoldsAsync(
            async () => await world.ModelOfNextSliceAsync($"after/{Guid.NewGuid():n}.png") == "better", () => $"It does not serve; logs in {world.Stack.Local.LogFolder}");
    }

    [Fact]
    public async Task Given_TwoPromotersAtOnce_When_BothHaveABetterModel_Then_ExactlyOneWinsAndTheAuditHasBoth()
    {
        await using var world = await DiscStack.StartAsync("champion", async models =>
        [
            await DiscModels.CopyAsync(models, "champion", blindFor: Effusion),
            await DiscModels.CopyAsync(models, "left"),
            await DiscModels.CopyAsync(models, "right"),
        ]);
        await world.ImportAsync();
        var champion = (await world.Models.ReadAliasAsync(Cancel)).ShouldNotBeNull().Served;

        for (var round = 1; ; round++)
        {
            round.ShouldBeLessThanOrEqualTo(Rounds, "the two never came together");
            var before = await world.MovesAsync();
            var ended = await Task.WhenAll(world.RunAsync("models", "promote", "left"), world.RunAsync("models", "promote", "right"));
            var moves = (await world.MovesAsync()).Skip(before.Count).ToList();

            ended.Sum(one => one.Code).ShouldBe(1, $"{ended[0].Said}\n{ended[1].Said}");
            var winner = moves.Single(move => move.Step == AliasMoveStep.Done).Move.To.Version;
            winner.ShouldBe(ended[0].Code == 0 ? "left" : "right");
            (await world.CurrentAsync()).ShouldBe(winner);
            // The other is as good as the winner, and so not better: it decided again, against the winner.
            var loser = winner == "left" ? "right" : "left";
            (await world.Models.FindDecisionAsync(loser, Cancel)).ShouldNotBeNull().Champion.Version.ShouldBe(winner);
            if (moves.Count == 2)
            {
                moves.Single(move => move.Step == AliasMoveStep.Lost).Move.To.Version.ShouldBe(loser);
                return;
            }
            (await world.Alias.MoveAsync(await world.Models.ReadAliasAsync(Cancel), world.Alias.NewMove(AliasMoveKind.Forced, champion, "tests", "Once more."), Cancel)).Done.ShouldBeTrue();
        }
    }
}
