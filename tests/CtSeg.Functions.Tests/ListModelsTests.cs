using System.Security.Cryptography;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.Testing;

namespace CtSeg.Functions.Tests;

public sealed class ListModelsTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Given_NoModels_When_Asked_Then_NoneAndNoneInUse()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var answer = (await handler.GetAsync("/api/models")).ShouldBeJson();
        (answer.GetProperty("current").ValueKind, answer.GetProperty("models").GetArrayLength(), answer.GetProperty("problems").GetArrayLength()).ShouldBe((JsonValueKind.Null, 0, 0));
    }

    [Fact]
    public async Task Given_ModelsOfWhichOneIsDamaged_When_Asked_Then_AllAreListedAndTheOneInUseIsNamed()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var (store, alias) = (new ModelStore(handler.Storage), new ModelAlias(handler.Storage, handler.Clock));
        var served = await PublishAsync(store, "2026.2");
        await PublishAsync(store, "2026.3");
        await alias.MoveAsync(null, alias.NewMove(AliasMoveKind.Seed, served, "up", "The first."), Handler.Stop);
        await handler.BreakAsync(Containers.Models, BlobPaths.ModelCard("2026.4"));

        var answer = (await handler.GetAsync("/api/models")).ShouldBeJson();

        answer.GetProperty("current").GetProperty("version").GetString().ShouldBe("2026.2");
        var models = answer.GetProperty("models").EnumerateArray().ToList();
        models.Select(model => model.GetProperty("version").GetString()).ShouldBe(["2026.2", "2026.3", "2026.4"]);
        (models[0].GetProperty("weightsSha256").GetString(), models[0].GetProperty("knowsItsData").GetBoolean()).ShouldBe((served.WeightsSha256, false));
        models[0].GetProperty("damage").ValueKind.ShouldBe(JsonValueKind.Null);
        models[2].GetProperty("damage").GetString()!.ShouldContain("models/2026.4/model.json");
        // Groups that a training held out may be names of patients.
        (await handler.GetAsync("/api/models")).Body.ShouldNotContain("secret-group");
    }

    private static async Task<ServedModel> PublishAsync(ModelStore store, string version)
    {
        var weights = BinaryData.FromString(version);
        var manifest = new ModelManifest
        {
            Version = version,
            CreatedUtc = Handler.Start.UtcDateTime,
            Configuration = new ModelConfiguration(),
            Classes = ["background", "ground-glass-opacity", "consolidation", "pleural-effusion"],
            Preprocessing = new ModelPreprocessing(369, 369, "area", "grey / 127.5 - 1"),
            Training = new TrainingRecord(new string('a', 64), 1, 1, ["secret-group"], 1, 1, [], JsonSerializer.SerializeToElement(1)),
            WeightsSha256 = Convert.ToHexStringLower(SHA256.HashData(weights)),
            WeightsLicence = "MIT",
        };
        await store.PublishAsync(manifest, new BinaryData(JsonSerializer.SerializeToUtf8Bytes(manifest, ModelsJson.Default.ModelManifest)), weights, null, Handler.Stop);
        return new ServedModel(version, manifest.WeightsSha256);
    }
}
