using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.Testing;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Tests.Registry;

/// <summary>A model of a run that asked for a shadow, promoted by hand.</summary>
[Collection(TorchCollection.Name)]
public sealed class ShadowedPromotionTests(AzuriteFixture azurite)
{
    private const string Run = "20261123-151205-a1b2c3";
    private static readonly ShadowTerms Terms = new(Slices: 5, MaxDisagreement: 0.5) { MinSlices = 2 };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Given_AChallengerThatFailedOrDisagreedInShadow_When_Promoted_Then_RefusedForItAndTheNumbersAreKept()
    {
        using var world = await OpenAsync(TrainingRunState.Refused);
        await LookAsync(world, scan: 1, both: 10);
        await LookAsync(world, scan: 2, both: null);
        var (code, output, _) = await world.RunAsync("promote", Run);
        (code, await world.CurrentAsync()).ShouldBe((ExitCodes.Failure, "a"));
        output.ShouldContain("In shadow the challenger failed on 1 of 2 slices");
        (await world.Store.FindDecisionAsync(Run, Stop)).ShouldNotBeNull().Shadow.ShouldNotBeNull().Failed.ShouldBe(1);
        (await world.RunAsync("promote", Run, "--force", "--reason", "x")).Code.ShouldBe(ExitCodes.Success);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Given_AChallengerWhoseShadowSawTooLittleBesideThisChampion_When_Promoted_Then_Refused()
    {
        using var world = await OpenAsync(TrainingRunState.Cancelled);
        await LookAsync(world, scan: 1, both: 10);
        await LookAsync(world, scan: 2, both: 10, champion: "another");
        (await world.RunAsync("promote", Run)).Output.ShouldContain("it saw only 1 slices in 24 hours, where 2 are needed");
        (await world.CurrentAsync()).ShouldBe("a");
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Given_AChallengerThatAgreedInShadow_When_Promoted_Then_ItServes()
    {
        using var world = await OpenAsync(TrainingRunState.Cancelled);
        await LookAsync(world, scan: 1, both: 10);
        await LookAsync(world, scan: 2, both: 8);
        var (code, output, errors) = await world.RunAsync("promote", Run);
        (code, await world.CurrentAsync()).ShouldBe((ExitCodes.Success, Run), output + errors);
        // 18 of 20 pixels that either marked.
        (await world.Store.FindDecisionAsync(Run, Stop)).ShouldNotBeNull().Shadow.ShouldNotBeNull().Disagreement!.Value.ShouldBe(0.1, 1e-12);
    }

    [Theory]
    [InlineData(TrainingRunState.Evaluating)]
    [InlineData(TrainingRunState.Shadowing)]
    public async Task Given_AChallengerThatStillLooksOn_When_Promoted_Then_RefusedWithoutForce(TrainingRunState state)
    {
        using var world = await OpenAsync(state);
        var (code, _, errors) = await world.RunAsync("promote", Run);
        (code, await world.CurrentAsync(), await world.Store.FindDecisionAsync(Run, Stop)).ShouldBe((ExitCodes.Failure, "a", null));
        errors.ShouldContain("it decides when its shadow has seen enough");
        (await world.RunAsync("promote", Run, "--force", "--reason", "x")).Code.ShouldBe(ExitCodes.Success);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Given_ARunWhoseDocumentIsDamaged_When_Promoted_Then_RefusedSinceNobodyKnowsOfItsShadow()
    {
        using var world = await OpenAsync(TrainingRunState.Refused);
        await world.Storage.GetBlobContainerClient(Containers.TrainingRuns).GetBlobClient(BlobPaths.TrainingRun(Run)).UploadAsync(BinaryData.FromString("{"), overwrite: true, Stop);
        (await world.RunAsync("promote", Run)).Errors.ShouldContain($"training-runs/{Run}.json");
        (await world.CurrentAsync()).ShouldBe("a");
    }

    private async Task<ModelsWorld> OpenAsync(TrainingRunState state)
    {
        var world = await ModelsWorld.OpenAsync(azurite);
        await world.ServeAsync("a", blindFor: 2);
        await world.PublishAsync(Run, blindFor: 0);
        var time = new DateTime(2026, 11, 23, 15, 12, 5, DateTimeKind.Utc);
        var asked = TrainingRunStatus.Requested(Run, new TrainingRunRequest("command") { Shadow = Terms }, time) with { Champion = "a", Challenger = Run };
        var run = state >= TrainingRunState.Promoted ? asked.Ended(state, "For the test.", time) : asked.Entered(state, time);
        await world.Storage.GetBlobContainerClient(Containers.TrainingRuns).GetBlobClient(BlobPaths.TrainingRun(Run))
            .UploadAsync(new BinaryData(JsonSerializer.SerializeToUtf8Bytes(run, ContractsJson.Default.TrainingRunStatus)), Stop);
        return world;
    }

    /// <summary>The champion marks 10 pixels of a slice, the challenger a part of them.</summary>
    /// <param name="both">Pixels that the challenger marks; null where it failed.</param>
    private static async Task LookAsync(ModelsWorld world, int scan, int? both, string champion = "a")
    {
        var served = new List<ModelReference>();
        foreach (var version in new[] { "a", Run })
            served.Add(new ModelReference(version, (await world.Store.FindAsync(version, Stop)).ShouldNotBeNull().WeightsSha256));
        var seen = both is { } pixels ? new ClassDisagreement(ShadowResult.Infection, 10, pixels, pixels) : null;
        var result = new ShadowResult(ScanId.Parse($"{scan:x16}"), Run, served[0] with { Version = champion }, served[1], [], DateTime.UnixEpoch)
        {
            Overall = seen,
            Failure = seen is null ? "The challenger failed." : null,
        };
        (await new ShadowResultStore(world.Storage).TryStoreAsync(result, Stop)).ShouldBeTrue();
    }
}
