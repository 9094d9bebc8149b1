using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Erasure;
using CtSeg.Models;
using CtSeg.Testing;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Tests.Registry;

/// <summary>The verbs as they are typed, on a real storage service with small models that were really trained.</summary>
[Collection(TorchCollection.Name)]
public sealed class ModelsCommandTests(AzuriteFixture azurite)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, "ground-glass-opacity")]
    [InlineData(2, "consolidation")]
    [InlineData(3, "pleural-effusion")]
    public async Task Given_AChallengerMadeWorseInOneClass_When_Promoted_Then_RefusedForItAndTheChampionServes(int worse, string name)
    {
        using var world = await ModelsWorld.OpenAsync(azurite);
        await world.ServeAsync("a", blindFor: 0);
        await world.PublishAsync("b", blindFor: worse);
        var (code, output, _) = await world.RunAsync("promote", "b");
        code.ShouldBe(ExitCodes.Failure);
        output.ShouldContain($"{name} is not proven to keep its Dice");
        var decision = (await world.Store.FindDecisionAsync("b", Stop)).ShouldNotBeNull();
        (decision.Promote, decision.Champion.Version, decision.Challenger.Version).ShouldBe((false, "a", "b"));
        decision.Groups.ShouldBeGreaterThanOrEqualTo(5);
        // What it does not find it takes for something else, so that others may lose a little as well.
        var lost = decision.Classes[worse - 1];
        (lost.Passes, lost.ChallengerDice, lost.ChampionDice > 0.9).ShouldBe((false, 0, true));
        decision.Classes.Where(one => one != lost).ShouldAllBe(one => one.ChallengerDice > 0.6);
        (await world.CurrentAsync()).ShouldBe("a");
    }

    [Fact]
    public async Task Given_ABetterChallenger_When_Promoted_Then_ItServesAndAuditDecisionAndAlertSayWhy()
    {
        using var world = await ModelsWorld.OpenAsync(azurite);
        await world.ServeAsync("a", blindFor: 2);
        await world.PublishAsync("b", blindFor: 0);
        var (code, output, errors) = await world.RunAsync("promote", "b", "--json");
        code.ShouldBe(ExitCodes.Success, output + errors);
        using var answer = JsonDocument.Parse(output);
        answer.RootElement.GetProperty("moved").GetBoolean().ShouldBeTrue();
        answer.RootElement.GetProperty("decision").GetProperty("classes")[1].GetProperty("championDice").GetDouble().ShouldBe(0);
        (await world.CurrentAsync()).ShouldBe("b");
        var moves = await world.HistoryAsync();
        var move = moves[^1].Move;
        (move.Kind, move.From?.Version, move.To.Version, move.By).ShouldBe((AliasMoveKind.Promotion, "a", "b", "tester"));
        (await world.Storage.GetBlobContainerClient(Containers.Audit).GetBlobClient(BlobPaths.Decision(move.DecisionSha256!)).ExistsAsync(Stop)).Value.ShouldBeTrue();
        var told = world.Bus.Messages(Queues.Alerts)[^1];
        told.MessageId.ShouldBe($"{move.Id}-changed");
        (await world.RunAsync("promote", "b")).Code.ShouldBe(ExitCodes.Success);
        (await world.HistoryAsync()).Count.ShouldBe(moves.Count);
    }

    [Fact]
    public async Task Given_AnEqualChallenger_When_Promoted_Then_Refused()
    {
        using var world = await ModelsWorld.OpenAsync(azurite);
        await world.ServeAsync("a", blindFor: 0);
        await world.PublishAsync("b", blindFor: 0);
        var (code, output, _) = await world.RunAsync("promote", "b");
        (code, await world.CurrentAsync()).ShouldBe((ExitCodes.Failure, "a"));
        output.ShouldContain("not proven better");
    }

    [Fact]
    public async Task Given_AnotherPromotionDuringTheComparison_When_Promoted_Then_TheLoserDecidesAgainAgainstTheNewChampion()
    {
        using var world = await ModelsWorld.OpenAsync(azurite);
        await world.ServeAsync("a", blindFor: 2);
        await world.PublishAsync("b", blindFor: 0);
        await world.PublishAsync("c", blindFor: 0);
        world.Before("-intended.json", async () => (await world.RunElsewhereAsync("c")).Done.ShouldBeTrue());
        var (code, output, errors) = await world.RunAsync("promote", "b");
        (code, await world.CurrentAsync()).ShouldBe((ExitCodes.Failure, "c"));
        errors.ShouldContain("b is compared with it");
        output.ShouldContain("not proven better");
        (await world.Store.FindDecisionAsync("b", Stop)).ShouldNotBeNull().Champion.Version.ShouldBe("c");
        (await world.HistoryAsync()).Select(move => (move.Move.To.Version, move.Step))
            .ShouldBe([("a", AliasMoveStep.Done), ("b", AliasMoveStep.Lost), ("c", AliasMoveStep.Done)], ignoreOrder: true);
    }

    [Fact]
    public async Task Given_ModelsThatCannotBeCompared_When_Promoted_Then_ASentenceSaysWhyAndForceNeedsAReason()
    {
        using var world = await ModelsWorld.OpenAsync(azurite);
        await world.PublishAsync("a", blindFor: 0);
        (await world.RunAsync("promote", "a")).Errors.ShouldContain("No model is in use");
        (await world.RunAsync("promote", "a", "--force")).Code.ShouldNotBe(ExitCodes.Success);
        (await world.RunAsync("promote", "a", "--force", "--reason", " ")).Code.ShouldNotBe(ExitCodes.Success);
        (await world.RunAsync("promote", "a", "--force", "--reason", "The first.")).Code.ShouldBe(ExitCodes.Success);
        await world.PublishAsync("b", blindFor: 0, isKnown: false);
        (await world.RunAsync("promote", "b")).Errors.ShouldContain("Nobody knows what the model b has learnt from");
        (await world.RunAsync("promote", "gone")).Errors.ShouldContain("no model 'gone'");
        (await world.RunAsync("promote", "b", "--level", "2")).Errors.ShouldContain("level");
        (await world.RunAsync("promote", "b", "--force", "--reason", "Because.")).Code.ShouldBe(ExitCodes.Success);
        (await world.HistoryAsync())[^1].Move.Reason.ShouldBe("Because.");
        await world.BreakAsync(BlobPaths.CurrentModel);
        (await world.RunAsync("rollback")).Errors.ShouldContain("models/current.json");
        (await world.RunAsync("promote", "a", "--force", "--reason", "Repair.")).Code.ShouldBe(ExitCodes.Success);
        (await world.CurrentAsync()).ShouldBe("a");
    }

    [Fact]
    public async Task Given_AModelThatLearntFromTheLockedSlices_When_Compared_Then_TheyAreLeftOutAndNothingIsProven()
    {
        using var world = await ModelsWorld.OpenAsync(azurite);
        await world.ServeAsync("a", blindFor: 2);
        await world.PublishAsync("b", blindFor: 0, alsoTrainedOn: world.Pictures);
        var (code, output, _) = await world.RunAsync("compare", "a", "b");
        code.ShouldBe(ExitCodes.Failure);
        output.ShouldContain("nothing to compare them on: of all ");
        var (missing, _, errors) = await world.RunAsync("compare", "a", "nope");
        missing.ShouldBe(ExitCodes.Failure);
        errors.ShouldContain("There is no model 'nope'");
    }

    [Fact]
    public async Task Given_AFolderOfSlices_When_Compared_Then_TheGainIsThatOfTheClass()
    {
        using var world = await ModelsWorld.OpenAsync(azurite);
        using var folder = new TemporaryFolder();
        await world.PublishAsync("a", blindFor: 2);
        await world.PublishAsync("b", blindFor: 0);
        var data = ModelsWorld.WriteData(folder, DiscModels.Slices(8, seed: 5));
        (await world.RunAsync("compare", "a", "b", "--data", data)).Output.ShouldContain("Would be promoted: Not worse");
        (await world.RunAsync("compare", "a", "b", "--data", data, "--min-groups", "9")).Output.ShouldContain("Would be refused: ");
        var (code, output, errors) = await world.RunAsync("compare", "a", "b", "--json", "--data", data);
        code.ShouldBe(ExitCodes.Success, errors);
        var decision = JsonSerializer.Deserialize(output, ModelsJson.Default.PromotionDecision).ShouldNotBeNull();
        (decision.Promote, decision.Slices, decision.Groups).ShouldBe((true, 8, 8));
        decision.Classes[1].ChampionDice.ShouldBe(0);
        decision.Classes[1].GainAtLeast!.Value.ShouldBeGreaterThan(0.8);
        (await world.Store.FindDecisionAsync("b", Stop)).ShouldBeNull();
    }

    [Fact]
    public async Task Given_DataThatNobodyLocked_When_ModelsAreCompared_Then_NothingIsStored()
    {
        using var world = await ModelsWorld.OpenAsync(azurite);
        await world.PublishAsync("a", blindFor: 2);
        await world.PublishAsync("b", blindFor: 0);
        await world.Storage.GetBlobContainerClient(Containers.TrainingData).GetBlobClient(BlobPaths.EvaluationRule).DeleteAsync(cancellationToken: Stop);
        var before = await world.BlobsAsync();
        (await world.RunAsync("compare", "a", "b")).Code.ShouldBe(ExitCodes.Success);
        (await world.BlobsAsync()).ShouldBe(before);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Given_ALockedSet_When_ModelsAreCompared_Then_OnTheSlicesOfAPromotion()
    {
        using var world = await ModelsWorld.OpenAsync(azurite);
        await world.ServeAsync("a", blindFor: 2);
        await world.PublishAsync("b", blindFor: 0);
        var compared = JsonSerializer.Deserialize((await world.RunAsync("compare", "a", "b", "--json")).Output, ModelsJson.Default.PromotionDecision).ShouldNotBeNull();
        (await world.RunAsync("promote", "b")).Code.ShouldBe(ExitCodes.Success);
        var decided = (await world.Store.FindDecisionAsync("b", Stop)).ShouldNotBeNull();
        (compared.EvaluationSet, compared.Slices, compared.Overall).ShouldBe((decided.EvaluationSet, decided.Slices, decided.Overall));
        // Sets and salt are there by now.
        var before = await world.BlobsAsync();
        (await world.RunAsync("compare", "a", "b")).Code.ShouldBe(ExitCodes.Success);
        (await world.BlobsAsync()).ShouldBe(before);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Given_AnErasure_When_AModelThatLearntFromItIsPublishedLater_Then_ItIsPromotedByForceOnly()
    {
        using var world = await ModelsWorld.OpenAsync(azurite);
        await world.ServeAsync("a", blindFor: 2);
        var erasure = new DataErasure(world.Storage, TimeProvider.System, new HashSet<string>());
        (await erasure.ForgetAsync(ErasureTarget.OfGroup(DiscModels.Slices(1, seed: 3)[0].Group), Stop)).IsDone.ShouldBeTrue();
        using var folder = new TemporaryFolder();
        var (code, _, errors) = await world.RunAsync("publish", DiscModels.Write(folder["b"], "b", blindFor: 0, [world.Pictures[0]]));
        code.ShouldBe(ExitCodes.Success);
        errors.ShouldContain("were erased");
        (await world.RunAsync("promote", "b")).Errors.ShouldContain("were erased since");
        (code, _, errors) = await world.RunAsync("publish", DiscModels.Write(folder["c"], "c", blindFor: 0, [world.Pictures[1]]));
        (code, errors).ShouldBe((ExitCodes.Success, ""));
        (await world.RunAsync("promote", "c")).Code.ShouldBe(ExitCodes.Success);
    }

    [Fact]
    public async Task Given_AFewModels_When_ListedShownAndRolledBack_Then_TheyAreToldForPeopleAndPrograms()
    {
        using var world = await ModelsWorld.OpenAsync(azurite);
        (await world.RunAsync("list")).Output.ShouldContain("no models");
        await world.ServeAsync("a", blindFor: 0);
        await world.ServeAsync("b", blindFor: 2);
        await world.BreakAsync(BlobPaths.ModelCard("c"));
        var (code, output, errors) = await world.RunAsync("list");
        code.ShouldBe(ExitCodes.Success);
        output.Split('\n')[0].Trim().ShouldStartWith("version\tcreated\tparent");
        output.Split('\n').Single(line => line.StartsWith("b\t", StringComparison.Ordinal)).ShouldContain("serves");
        errors.ShouldContain("models/c/model.json");
        using var catalogue = JsonDocument.Parse((await world.RunAsync("list", "--json")).Output);
        catalogue.RootElement.GetProperty("models").GetArrayLength().ShouldBe(3);

        (await world.RunAsync("rollback", "--reason", "Masks look wrong.")).Output.ShouldContain("a serves from the next slice on, in place of b");
        (await world.RunAsync("rollback")).Errors.ShouldContain("No model served before a");
        (await world.CurrentAsync()).ShouldBe("a");
        using var shown = JsonDocument.Parse((await world.RunAsync("show", "a", "--json")).Output);
        (shown.RootElement.GetProperty("serves").GetBoolean(), shown.RootElement.GetProperty("pictures").GetInt32(), shown.RootElement.GetProperty("moves").GetArrayLength()).ShouldBe((true, 1, 3));
        (await world.RunAsync("show", "b")).Output.ShouldContain("Masks look wrong.");
        (await world.RunAsync("show", "c")).Code.ShouldBe(ExitCodes.Failure);
        await world.BreakAsync(BlobPaths.ModelTrainedOn("b"));
        (await world.RunAsync("show", "b")).ShouldSatisfyAllConditions(
            shown => shown.Code.ShouldBe(ExitCodes.Success), shown => shown.Output.ShouldContain("unknown: it is compared"), shown => shown.Errors.ShouldContain("models/b/trained-on.json"));
        (await world.RunAsync("history")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(4);
        using var history = JsonDocument.Parse((await world.RunAsync("history", "--json")).Output);
        history.RootElement.EnumerateArray().Select(move => move.GetProperty("move").GetProperty("kind").GetString()).ShouldBe(["forced", "forced", "rollback"]);
    }

    [Fact]
    public async Task Given_AModelWithACard_When_PublishedPromotedAndShown_Then_ItsCardIsToldForPeopleAndPrograms()
    {
        using var world = await ModelsWorld.OpenAsync(azurite);
        using var folder = new TemporaryFolder();
        DiscModels.Write(folder["a"], "a", blindFor: 0, trainedOn: []);
        var path = Path.Combine(folder["a"], ModelFolder.ManifestName);
        // Another program may have written what this one would refuse.
        var card = new ModelCard("Discs.", "Free.", "Tests.", "Patients;\u001b[2J or the like.", "docs/model-card.md");
        ModelFolder.ReplaceFile(path, JsonSerializer.SerializeToUtf8Bytes(ModelFolder.ReadManifest(folder["a"]) with { Card = card }, ModelsJson.Default.ModelManifest));
        (await world.RunAsync("publish", folder["a"])).Code.ShouldBe(ExitCodes.Success);
        (await world.RunAsync("promote", "a", "--force", "--reason", "For the test.")).Code.ShouldBe(ExitCodes.Success);
        (await world.Store.FindAsync("a", Stop)).ShouldNotBeNull().Card.ShouldBe(card);

        var output = (await world.RunAsync("show", "a")).Output;
        foreach (var text in new[] { "Discs.", "Free.", "Tests.", "Patients; [2J or the like.", "docs/model-card.md" })
            output.ShouldContain(text);
        using var shown = JsonDocument.Parse((await world.RunAsync("show", "a", "--json")).Output);
        shown.RootElement.GetProperty("manifest").GetProperty("card").GetProperty("dataLicence").GetString().ShouldBe("Free.");
        await world.PublishAsync("b", blindFor: 0);
        (await world.RunAsync("show", "b")).Output.ShouldNotContain("not intended for");
    }

    [Fact]
    public async Task Given_TrustedKeys_When_AModelIsUnsignedOrSignedByAnother_Then_ItIsNotPromotedNotEvenByForce()
    {
        using var world = await ModelsWorld.OpenAsync(azurite);
        using var folder = new TemporaryFolder();
        await world.ServeAsync("a", blindFor: 2);
        await world.PublishAsync("b", blindFor: 0);
        foreach (var key in new[] { "ours", "theirs" })
            (await world.RunAsync("keygen", "--out", folder[key])).Code.ShouldBe(ExitCodes.Success);
        (await world.RunAsync("keygen", "--out", folder["ours"])).Code.ShouldBe(ExitCodes.Failure);
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(folder["ours"]).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Move(folder["ours"], folder["ours.kept"]);
        (await world.RunAsync("keygen", "--out", folder["ours"])).Errors.ShouldContain("others may trust that key");
        File.Move(folder["ours.kept"], folder["ours"]);
        string[] trust = ["--trusted-keys", folder["ours.pub"]];

        (await world.RunAsync(["promote", "b", .. trust])).Errors.ShouldContain("not signed");
        (await world.RunAsync("sign", "b", "--key", folder["theirs"])).Code.ShouldBe(ExitCodes.Success);
        (await world.RunAsync(["promote", "b", "--force", "--reason", "x", .. trust])).Errors.ShouldContain("not trusted");
        (await world.RunAsync("sign", "b", "--key", folder["ours"])).Code.ShouldBe(ExitCodes.Success);
        // The champion must be signed, too: its files are loaded as well.
        (await world.RunAsync(["promote", "b", .. trust])).Errors.ShouldContain("model a is not signed");
        (await world.RunAsync("sign", "a", "--key", folder["ours"])).Code.ShouldBe(ExitCodes.Success);
        (await world.RunAsync(["promote", "b", .. trust])).Code.ShouldBe(ExitCodes.Success);
        (await world.RunAsync("sign", "a", "--key", folder["ours.pub"])).Errors.ShouldContain("no private part");
    }

    [Fact]
    public async Task Given_DamagedWeightsOrErasedData_When_Promoted_Then_Refused()
    {
        using var world = await ModelsWorld.OpenAsync(azurite);
        await world.ServeAsync("a", blindFor: 2);
        await world.PublishAsync("b", blindFor: 0);
        await world.PublishAsync("c", blindFor: 0);
        await world.BreakAsync(BlobPaths.ModelWeights("b"));
        await world.BreakAsync(BlobPaths.ModelErasure("c"));
        (await world.RunAsync("promote", "b")).Errors.ShouldContain("SHA-256");
        (await world.RunAsync("promote", "b", "--force", "--reason", "x")).Errors.ShouldContain("SHA-256");
        (await world.RunAsync("promote", "c")).Errors.ShouldContain("erased");
        (await world.CurrentAsync()).ShouldBe("a");
        var (code, _, errors) = await world.RunAsync("promote", "c", "--force", "--reason", "x");
        (code, await world.CurrentAsync()).ShouldBe((ExitCodes.Success, "c"));
        errors.ShouldContain("erased since: train another");
    }

    [Fact]
    public async Task Given_DataErasedDuringTheComparison_When_Promoted_Then_RefusedAndTheChampionServes()
    {
        using var world = await ModelsWorld.OpenAsync(azurite);
        await world.ServeAsync("a", blindFor: 2);
        await world.PublishAsync("b", blindFor: 0);
        world.Before(BlobPaths.ModelDecision("b"), () => world.BreakAsync(BlobPaths.ModelErasure("b")));
        var (code, _, errors) = await world.RunAsync("promote", "b");
        (code, await world.CurrentAsync()).ShouldBe((ExitCodes.Failure, "a"));
        errors.ShouldContain("erased");
        (await world.HistoryAsync()).Count.ShouldBe(1);
        // The model had passed: only the erasure kept it out.
        (await world.Store.FindDecisionAsync("b", Stop)).ShouldNotBeNull().Promote.ShouldBeTrue();
    }

    [Fact]
    public async Task Given_TheModelBeforeIsDamagedUnsignedOrHoldsErasedData_When_RolledBack_Then_RefusedWithAWayOrWarned()
    {
        using var world = await ModelsWorld.OpenAsync(azurite);
        using var folder = new TemporaryFolder();
        foreach (var version in new[] { "a", "b", "c" })
            await world.ServeAsync(version, blindFor: 0);
        (await world.RunAsync("keygen", "--out", folder["ours"])).Code.ShouldBe(ExitCodes.Success);
        (await world.RunAsync("rollback", "--trusted-keys", folder["ours.pub"])).Errors.ShouldContain("b is not signed");
        await world.BreakAsync(BlobPaths.ModelWeights("b"));
        var (code, output, errors) = await world.RunAsync("rollback");
        (code, output, await world.CurrentAsync(), (await world.HistoryAsync()).Count).ShouldBe((ExitCodes.Failure, "", "c", 3));
        errors.ShouldContain("models/b/weights.safetensors has the SHA-256");
        errors.ShouldContain("'models rollback --to a'");
        await world.BreakAsync(BlobPaths.ModelErasure("a"));
        (code, output, errors) = await world.RunAsync("rollback", "--to", "a");
        (code, await world.CurrentAsync()).ShouldBe((ExitCodes.Success, "a"));
        output.ShouldContain("in place of c");
        errors.ShouldContain("Data that a has learnt from were erased since");
    }

    [Fact]
    public async Task Given_AFolderWithDamagedWeights_When_Published_Then_RefusedAndNothingIsStored()
    {
        using var world = await ModelsWorld.OpenAsync(azurite);
        using var folder = new TemporaryFolder();
        var model = DiscModels.Write(folder["m"], "m", 0, []);
        (await world.RunAsync("publish", model)).Code.ShouldBe(ExitCodes.Success);
        (await world.RunAsync("publish", model)).Code.ShouldBe(ExitCodes.Success);
        (await world.RunAsync("publish", DiscModels.Write(folder["other"], "m", 2, []))).Errors.ShouldContain("never change");
        await File.WriteAllTextAsync(Path.Combine(model, ModelFolder.WeightsName), "damaged", Stop);
        (await world.RunAsync("publish", model)).Errors.ShouldContain("SHA-256");
    }
}
