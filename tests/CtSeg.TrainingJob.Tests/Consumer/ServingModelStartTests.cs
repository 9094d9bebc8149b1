using CtSeg.Contracts;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;

namespace CtSeg.TrainingJob.Tests.Consumer;

/// <summary>Which model serves when a job starts.</summary>
public sealed class ServingModelStartTests : ServingModelWorld
{
    [Theory]
    [InlineData("{")]
    [InlineData(null)]
    public async Task Given_TheAliasCannotBeRead_When_Started_Then_TheLastModelOfThisMachineServesAndItIsTold(string? alias)
    {
        await StartAsync("v1");
        if (alias is null)
            Storage.Remove("models/current.json");
        else
            await Models.PutAsync(BlobPaths.CurrentModel, System.Text.Encoding.UTF8.GetBytes(alias));

        var serving = Create();
        await serving.StartAsync(Stop);
        await serving.LookAsync(Stop);
        await serving.LookAsync(Stop);

        (await SegmentAsync(serving)).Model.Version.ShouldBe("v1");
        var alert = Alerts().ShouldHaveSingleItem();
        (alert.Data.Version, alert.Data.Serving).ShouldBe((ServingModel.UnknownVersion, "v1"));
    }

    [Fact]
    public async Task Given_TheModelIsDamaged_When_StartedOnAMachineWhereAnotherServed_Then_ThatServesUntilItIsMended()
    {
        await StartAsync("v1");
        await Models.PublishAsync("v2");
        await Models.PutAsync(BlobPaths.ModelWeights("v2"), [7]);
        await Models.PointAsync("v2");

        var serving = Create();
        await serving.StartAsync(Stop);
        (await SegmentAsync(serving)).Model.Version.ShouldBe("v1");
        await serving.LookAsync(Stop);
        Alerts().ShouldHaveSingleItem().Data.Version.ShouldBe("v2");

        await Models.PublishAsync("v2");
        Time.Advance(TimeSpan.FromMinutes(1));
        await LookUntilLoadedAsync(serving);
        (await SegmentAsync(serving)).Model.Version.ShouldBe("v2");
    }

    [Fact]
    public async Task Given_DamagedModels_When_StartedOnANewMachine_Then_TheNewestThatServedBeforeAndIsWholeServesAndTheAlertIsTold()
    {
        foreach (var version in new[] { "v1", "v2", "v3", "v4" })
            await Models.PublishAsync(version);
        await Models.PutAsync(BlobPaths.ModelCard("v3"), FakeModels.ManifestOf("v3", side: 185));
        await Models.PutAsync(BlobPaths.ModelWeights("v4"), [7]);
        await Models.PointAsync(FakeModels.Moved("v4"), FakeModels.Moved("v1"), FakeModels.Moved("v2"), FakeModels.Moved("v3"));

        var serving = Create();
        await serving.StartAsync(Stop);
        await serving.LookAsync(Stop);

        (await SegmentAsync(serving)).Model.Version.ShouldBe("v2");
        var alert = Alerts().ShouldHaveSingleItem();
        (alert.Data.Version, alert.Data.Serving).ShouldBe(("v4", "v2"));
        (await Models.NotedAsync(Cache)).ShouldBe(FakeModels.Named("v2"));

        await Models.PublishAsync("v4");
        Time.Advance(TimeSpan.FromMinutes(1));
        await LookUntilLoadedAsync(serving);
        (await SegmentAsync(serving)).Model.Version.ShouldBe("v4");
    }

    [Theory]
    [InlineData(true, "v1")]
    [InlineData(false, "v2")]
    public async Task Given_TheModelIsDamaged_When_OneServedHere_Then_ItGoesFirstUnlessTheAliasWasMovedBackFromIt(bool isBefore, string expected)
    {
        await StartAsync("v1");
        await Models.PublishAsync("v2");
        await Models.PublishAsync("v3");
        await Models.PutAsync(BlobPaths.ModelWeights("v3"), [7]);
        await Models.PointAsync(FakeModels.Named("v3"), isBefore ? [FakeModels.Named("v1"), FakeModels.Named("v2")] : [FakeModels.Named("v2")]);

        var serving = Create();
        await serving.StartAsync(Stop);

        (await SegmentAsync(serving)).Model.Version.ShouldBe(expected);
    }

    [Fact]
    public async Task Given_TheModelsManifestIsDamagedInStorage_When_StartedWhereItServed_Then_ItsFilesHereServeAndItIsToldOnce()
    {
        await StartAsync("v1");
        await Models.PutAsync(BlobPaths.ModelCard("v1"), [7]);

        for (var start = 0; start < 2; start++)
        {
            var serving = Create();
            await serving.StartAsync(Stop);
            await serving.LookAsync(Stop);
            (await SegmentAsync(serving)).Model.Version.ShouldBe("v1");
        }

        Alerts().ShouldHaveSingleItem().Data.Reason.ShouldContain("cannot be read");
    }

    [Fact]
    public async Task Given_TheManifestOnDiskWasChanged_When_StorageIsOutOfReach_Then_TheModelDoesNotServe()
    {
        await Models.PublishAsync("v1");
        await Models.PointAsync(FakeModels.Moved("v1"));
        await Create().StartAsync(Stop);
        Effects.Before = (_, _) => throw new HttpRequestException("no");
        await Create().StartAsync(Stop);
        var manifest = Directory.GetFiles(Cache, "model.json", SearchOption.AllDirectories).ShouldHaveSingleItem();

        await File.WriteAllBytesAsync(manifest, FakeModels.ManifestOf("v1", side: 185), Stop);

        (await Should.ThrowAsync<Exception>(() => Create().StartAsync(Stop))).ShouldNotBeOfType<ModelRefusedException>();
    }

    [Fact]
    public async Task Given_StorageIsOutOfReach_When_StartedOnAMachineWhereAModelServed_Then_ItServesAndTheAliasIsFollowedLater()
    {
        await StartAsync("v1");
        await Models.PublishAsync("v2");
        await Models.PointAsync("v2");
        Effects.Before = (_, _) => throw new HttpRequestException("no");
        var serving = Create();

        await serving.StartAsync(Stop);
        (await SegmentAsync(serving)).Model.Version.ShouldBe("v1");

        Effects.Before = null;
        await LookUntilLoadedAsync(serving);
        (await SegmentAsync(serving)).Model.Version.ShouldBe("v2");
        Alerts().ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_NothingEverServedHere_When_TheModelIsDamaged_Then_TheStartFailsAndItIsTold()
    {
        await Models.PublishAsync("v1");
        await Models.PutAsync(BlobPaths.ModelWeights("v1"), [7]);
        await Models.PointAsync("v1");

        var refusal = await Should.ThrowAsync<ModelRefusedException>(() => Create().StartAsync(Stop));

        refusal.Message.ShouldContain("SHA-256");
        Alerts().ShouldHaveSingleItem().Data.Serving.ShouldBeNull();
    }

    [Fact]
    public async Task Given_NoAlias_When_StartedForTheFirstTime_Then_TheRefusalSaysWhatToDo()
    {
        var refusal = await Should.ThrowAsync<ModelRefusedException>(() => Create().StartAsync(Stop));

        refusal.Message.ShouldContain("does not exist");
        refusal.Message.ShouldContain("--model");
    }
}
