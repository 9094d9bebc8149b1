using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.Testing;
using static CtSeg.Shared.Tests.Models.Registry;

namespace CtSeg.Shared.Tests.Models;

public sealed class ModelStoreTests(AzuriteFixture azurite)
{
    private const string Version = "2026.3";

    [Fact]
    public async Task Given_AModel_When_Published_Then_ReadBackWithItsData()
    {
        var registry = await OpenAsync(azurite);
        var model = await registry.PublishAsync(Version);
        (await registry.Store.FindAsync(Version, Stop)).ShouldNotBeNull().WeightsSha256.ShouldBe(model.WeightsSha256);
        (await registry.Store.FindTrainedOnAsync(Version, Stop)).ShouldNotBeNull().Pictures.ShouldBe(TrainedOnOf(Version).Pictures);
        var files = (await registry.Store.FindFilesAsync(Version, Stop)).ShouldNotBeNull();
        (files.ManifestJson.ToString(), files.Weights.ToString()).ShouldBe((JsonOf(ManifestOf(Version)).ToString(), WeightsOf(Version).ToString()));
        (await registry.Store.FindAsync("2026.4", Stop)).ShouldBeNull();
        (await registry.Store.FindFilesAsync("2026.4", Stop)).ShouldBeNull();
        (await registry.Store.FindTrainedOnAsync("2026.4", Stop)).ShouldBeNull();
    }

    [Fact]
    public async Task Given_APublishedModel_When_TheSameComesAgain_Then_NothingChangesAndOtherContentIsRefused()
    {
        var registry = await OpenAsync(azurite);
        await registry.PublishAsync(Version);
        var before = await ETagsAsync(registry);
        await registry.PublishAsync(Version);
        (await Should.ThrowAsync<ModelExistsException>(() => registry.PublishAsync(Version, "others"))).Message.ShouldContain($"models/{Version}/");
        var otherCard = ManifestOf(Version) with { WeightsLicence = "other" };
        await Should.ThrowAsync<ModelExistsException>(() => registry.Store.PublishAsync(otherCard, JsonOf(otherCard), WeightsOf(Version), TrainedOnOf(Version), Stop));
        await Should.ThrowAsync<ModelExistsException>(() => registry.Store.PublishAsync(
            ManifestOf(Version), JsonOf(ManifestOf(Version)), WeightsOf(Version), TrainedOnOf(Version) with { Groups = [] }, Stop));
        (await ETagsAsync(registry)).ShouldBe(before);
    }

    [Fact]
    public async Task Given_AModelWithoutItsManifest_When_PublishedAgainWithOtherBits_Then_Whole()
    {
        var registry = await OpenAsync(azurite);
        await registry.Models.GetBlobClient(BlobPaths.ModelWeights(Version)).UploadAsync(BinaryData.FromString("of a killed process"), Stop);
        var listed = await ListAsync(registry);
        listed.ShouldHaveSingleItem().Damage.ShouldNotBeNull().ShouldContain("did not end");
        (await registry.Store.FindAsync(Version, Stop)).ShouldBeNull();
        await registry.PublishAsync(Version);
        (await registry.Store.FindFilesAsync(Version, Stop)).ShouldNotBeNull().Weights.ToString().ShouldBe(WeightsOf(Version).ToString());
    }

    [Fact]
    public async Task Given_TwoPublishersOfOneVersion_When_BothWrite_Then_WhatIsPublishedIsWhole()
    {
        var registry = await OpenAsync(azurite);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(async n =>
        {
            try
            {
                await registry.PublishAsync(Version, $"publisher {n}");
                return true;
            }
            catch (ModelExistsException)
            {
                return false;
            }
        }));
        outcomes.Count(won => won).ShouldBeLessThanOrEqualTo(1);
        // Where two spoilt each other's weights, none is published; never one whose weights are another's.
        var files = await registry.Store.FindFilesAsync(Version, Stop);
        (files is not null).ShouldBe(outcomes.Any(won => won));
    }

    [Fact]
    public async Task Given_PartsOfDifferentModels_When_Published_Then_RefusedBeforeAnyWrite()
    {
        var registry = await OpenAsync(azurite);
        var manifest = ManifestOf(Version);
        await ShouldRefuseAsync(manifest, JsonOf(manifest), WeightsOf("another"), null, "SHA-256");
        await ShouldRefuseAsync(manifest, JsonOf(ManifestOf("2026.4")), WeightsOf(Version), null, "another model");
        await ShouldRefuseAsync(manifest, BinaryData.FromString("{"), WeightsOf(Version), null, "cannot be read");
        await ShouldRefuseAsync(manifest, JsonOf(manifest), WeightsOf(Version), TrainedOnOf("2026.4"), "2026.4");
        var outside = manifest with { Version = "../2026" };
        await ShouldRefuseAsync(outside, JsonOf(outside), WeightsOf(Version), null, "named");
        (await ListAsync(registry)).ShouldBeEmpty();

        async Task ShouldRefuseAsync(ModelManifest card, BinaryData json, BinaryData weights, TrainedOn? trainedOn, string why) =>
            (await Should.ThrowAsync<DamagedModelException>(() => registry.Store.PublishAsync(card, json, weights, trainedOn, Stop))).Message.ShouldContain(why);
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../audit")]
    [InlineData("a/b")]
    [InlineData(".hidden")]
    [InlineData("ä")]
    public async Task Given_ANameThatNoModelMayHave_When_Asked_Then_Unknown(string version)
    {
        var registry = await OpenAsync(azurite);
        (await registry.Store.FindAsync(version, Stop)).ShouldBeNull();
        (await registry.Store.FindFilesAsync(version, Stop)).ShouldBeNull();
        (await registry.Store.FindTrainedOnAsync(version, Stop)).ShouldBeNull();
        (await registry.Store.FindDecisionAsync(version, Stop)).ShouldBeNull();
        (await registry.Store.FindSignatureAsync(version, Stop)).ShouldBeNull();
    }

    [Fact]
    public async Task Given_DamagedModels_When_Listed_Then_EachIsToldAndHidesNoOther()
    {
        var registry = await OpenAsync(azurite);
        await registry.PublishAsync("a");
        await registry.PublishAsync("z");
        await LeaveAsync(BlobPaths.ModelCard("b"), "{");
        await LeaveAsync(BlobPaths.ModelCard("c"), JsonOf(ManifestOf("a")).ToString());
        await LeaveAsync(BlobPaths.ModelCard("d"), JsonOf(ManifestOf("d") with { WeightsSha256 = "" }).ToString());
        await LeaveAsync(BlobPaths.ModelCard("e"), "null");
        await LeaveAsync(BlobPaths.ModelErasure("z"), "{}");
        await LeaveAsync("current.json", "{");
        var listed = await ListAsync(registry);
        listed.Select(model => (model.Version, model.Damage is null)).ShouldBe([("a", true), ("b", false), ("c", false), ("d", false), ("e", false), ("z", true)]);
        listed.ShouldAllBe(model => model.Damage == null || model.Damage.Contains($"models/{model.Version}/model.json"));
        listed[^1].HoldsErasedData.ShouldBeTrue();
        (listed[0].HoldsErasedData, listed[0].KnowsItsData, listed[0].IsSigned).ShouldBe((false, true, false));
        (await Should.ThrowAsync<DamagedModelException>(() => registry.Store.FindAsync("c", Stop))).Message.ShouldContain("another version, 'a'");

        Task LeaveAsync(string blob, string content) => registry.Models.GetBlobClient(blob).UploadAsync(BinaryData.FromString(content), Stop);
    }

    [Fact]
    public async Task Given_DamagedWeights_When_Fetched_Then_Refused()
    {
        var registry = await OpenAsync(azurite);
        await registry.PublishAsync(Version);
        var weights = registry.Models.GetBlobClient(BlobPaths.ModelWeights(Version));
        await weights.UploadAsync(BinaryData.FromString("weights of 2026.4"), overwrite: true, Stop);
        (await Should.ThrowAsync<DamagedModelException>(() => registry.Store.FindFilesAsync(Version, Stop))).Message.ShouldContain(weights.Name);
        await weights.DeleteAsync(cancellationToken: Stop);
        (await Should.ThrowAsync<DamagedModelException>(() => registry.Store.FindFilesAsync(Version, Stop))).Message.ShouldContain(weights.Name);
    }

    [Fact]
    public async Task Given_TrainedOnOfAnotherVersion_When_Read_Then_Refused()
    {
        var registry = await OpenAsync(azurite);
        await registry.Models.GetBlobClient(BlobPaths.ModelTrainedOn("b")).UploadAsync(ModelBlobs.ToJson(TrainedOnOf("a"), ModelsJson.Default.TrainedOn), Stop);
        (await Should.ThrowAsync<DamagedModelException>(() => registry.Store.FindTrainedOnAsync("b", Stop))).Message.ShouldContain("b/trained-on.json");
    }

    [Fact]
    public async Task Given_ASecondDecision_When_Stored_Then_ItReplacesTheFirstWhichTheAuditKeeps()
    {
        var registry = await OpenAsync(azurite);
        var model = await registry.PublishAsync(Version);
        var nothing = new ComparedClass("infection", 0, null, null, null, null, false, false);
        var first = new PromotionDecision(false, "Worse.", model, model, new PromotionTerms(), "e", 1, 1, nothing, [nothing, nothing, nothing], new DateTime(2026, 11, 23, 0, 0, 0, DateTimeKind.Utc));
        var hash = await registry.Store.StoreDecisionAsync(Version, first, Stop);
        (await registry.Store.StoreDecisionAsync(Version, first, Stop)).ShouldBe(hash);
        var second = await registry.Store.StoreDecisionAsync(Version, first with { Reason = "Better." }, Stop);
        (await registry.Store.FindDecisionAsync(Version, Stop)).ShouldNotBeNull().Reason.ShouldBe("Better.");
        (await registry.NotesAsync()).ShouldBe([.. new[] { hash, second }.Order().Select(BlobPaths.Decision)]);
        await registry.Store.StoreReportAsync(Version, "<p>one", Stop);
        await registry.Store.StoreReportAsync(Version, "<p>two", Stop);
        (await registry.Models.GetBlobClient(BlobPaths.ModelReport(Version)).DownloadContentAsync(Stop)).Value.Content.ToString().ShouldBe("<p>two");
    }

    [Fact]
    public async Task Given_ModelsAndADamagedAlias_When_Catalogued_Then_ModelsAreThereAndTheProblemIsTold()
    {
        var registry = await OpenAsync(azurite);
        await registry.PromoteAsync("a");
        await registry.PublishAsync("b");
        var catalogue = await ModelCatalogue.ReadAsync(registry.Storage, Stop);
        (catalogue.Current?.Version, catalogue.Problems.Count, catalogue.Shadow).ShouldBe(("a", 0, null));
        catalogue.Models.Select(model => model.Version).ShouldBe(["a", "b"]);
        await registry.Models.GetBlobClient(BlobPaths.CurrentModel).UploadAsync(BinaryData.FromString("""{"version":"../a","weightsSha256":"a"}"""), overwrite: true, Stop);
        var damaged = await ModelCatalogue.ReadAsync(registry.Storage, Stop);
        (damaged.Current, damaged.Models.Count).ShouldBe((null, 2));
        damaged.Problems.ShouldHaveSingleItem().ShouldContain("models/current.json");
    }

    private static async Task<List<ModelListing>> ListAsync(Registry registry) => await registry.Store.ListAsync(Stop).ToListAsync(Stop);

    private static async Task<List<string>> ETagsAsync(Registry registry)
    {
        var found = new List<string>();
        await foreach (var blob in registry.Models.GetBlobsAsync(cancellationToken: Stop))
            found.Add($"{blob.Name} {blob.Properties.ETag}");
        return found;
    }
}
