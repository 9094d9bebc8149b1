using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.Models;

namespace CtSeg.EndToEnd.Tests.Retraining;

/// <summary>The model in use changes while slices come: none is lost, each names the model that made it.</summary>
[Collection(SerialCollection.Name)]
[Trait("Category", "Slow")]
public sealed class ServingTests
{
    private const int UnderWay = 8;
    private const int SlicesOfAModel = 10;
    // A promise to operators; usually it is a few seconds.
    private static readonly TimeSpan LongestRollback = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_SlicesUnderWay_When_AModelIsPromotedAndRolledBack_Then_NoneIsLostAndTheOldOneIsSoonBack()
    {
        await using var world = await DiscStack.StartAsync("old", async models =>
            [await DiscModels.CopyAsync(models, "old"), await DiscModels.CopyAsync(models, "new", blindFor: 3)]);
        var time = TimeProvider.System;
        using var uploads = world.Uploads(UnderWay);
        using var enough = new CancellationTokenSource();
        var uploading = uploads.RunAsync(Patience, enough.Token, Cancel);
        await SeesSlicesAsync("old");

        var promoted = time.GetTimestamp();
        var promotion = await world.RunAsync("models", "promote", "new", "--force", "--reason", "For a test.");
        promotion.Code.ShouldBe(0, promotion.Said);
        (await uploads.FirstOfAsync("new", promoted, Patience, Cancel)).ShouldNotBeNull();
        await SeesSlicesAsync("new");
        var asked = time.GetTimestamp();
        var rollback = await world.RunAsync("models", "rollback", "--reason", "It misses effusions.");
        rollback.Code.ShouldBe(0, rollback.Said);
        (await uploads.FirstOfAsync("old", asked, LongestRollback, Cancel)).ShouldNotBeNull("the old model did not serve again in time");
        await enough.CancelAsync();
        await uploading;

        uploads.Open.ShouldBeEmpty();
        uploads.Ended.Count.ShouldBe(uploads.Uploaded);
        uploads.Ended.ShouldAllBe(slice => slice.Model == "old" || slice.Model == "new");
        world.Stack.Local.Job.Restarts.ShouldBe(0);
        (await world.MovesAsync()).Select(move => (move.Move.Kind, move.Move.To.Version, move.Move.Reason)).Skip(1)
            .ShouldBe([(AliasMoveKind.Forced, "new", "For a test."), (AliasMoveKind.Rollback, "old", "It misses effusions.")]);
        (await world.EventsAsync(Queues.Alerts, EventTypes.ModelChanged)).Count.ShouldBe(2);

        Task SeesSlicesAsync(string model) => Eventually.HoldsAsync(
            () => Task.FromResult(uploads.Ended.Count(slice => slice.Model == model) >= SlicesOfAModel), () => $"Too few slices of {model}; logs in {world.Stack.Local.LogFolder}");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Given_WeightsThatAreDamagedOrAnotherModels_When_TheAliasNamesThem_Then_TheChampionServesAndAnAlertIsTold(bool swapped)
    {
        await using var world = await DiscStack.StartAsync("champion", async models =>
            [await DiscModels.CopyAsync(models, "champion"), await DiscModels.CopyAsync(models, "spoilt", blindFor: 3), await DiscModels.CopyAsync(models, "other", blindFor: 2)]);
        (await world.ModelOfNextSliceAsync("before.png")).ShouldBe("champion");
        var spoilt = new ServedModel("spoilt", (await world.Models.FindAsync("spoilt", Cancel)).ShouldNotBeNull().WeightsSha256);
        var weights = world.Stack.Container(Containers.Models).GetBlobClient(BlobPaths.ModelWeights("spoilt"));
        var bytes = (await world.Stack.ReadAsync(Containers.Models, BlobPaths.ModelWeights(swapped ? "other" : "spoilt"))).ToArray();
        if (!swapped)
            bytes[^1] ^= 1;
        await weights.UploadAsync(new BinaryData(bytes), overwrite: true, Cancel);

        var refused = await world.RunAsync("models", "promote", "spoilt", "--force", "--reason", "For a test.");
        // Whoever writes the alias past all commands.
        var alias = world.Stack.Container(Containers.Models).GetBlobClient(BlobPaths.CurrentModel);
        await alias.UploadAsync(new BinaryData(JsonSerializer.SerializeToUtf8Bytes(new CurrentModel(spoilt.Version, spoilt.WeightsSha256), ModelsJson.Default.CurrentModel)), overwrite: true, Cancel);
        var alert = await Eventually.SeeAsync(
            async () => (await world.EventsAsync(Queues.Alerts, EventTypes.ModelRefused)) is [var told] ? told.GetRawText() : null,
            () => $"Nobody was told; logs in {world.Stack.Local.LogFolder}");

        refused.Code.ShouldNotBe(0);
        refused.Said.ShouldContain("SHA-256");
        alert.ShouldContain("spoilt");
        alert.ShouldContain("champion");
        (await world.ModelOfNextSliceAsync("after.png")).ShouldBe("champion");
        world.Stack.Local.Job.Restarts.ShouldBe(0);
        (await world.EventsAsync(Queues.Alerts, EventTypes.ModelRefused)).Count.ShouldBe(1);
    }
}
