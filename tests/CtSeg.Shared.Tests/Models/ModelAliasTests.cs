using Azure.Core;
using Azure.Core.Pipeline;
using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.Testing;
using static CtSeg.Shared.Tests.Models.Registry;

namespace CtSeg.Shared.Tests.Models;

public sealed class ModelAliasTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Given_NoAlias_When_Moved_Then_NotedBeforeAndAfterAndTheModelServes()
    {
        var registry = await OpenAsync(azurite);
        var outcome = await registry.PromoteAsync("a");
        (outcome.Done, outcome.Noted, outcome.Alias?.Model.MoveId).ShouldBe((true, true, outcome.Move.Id));
        (await registry.NotesAsync()).ShouldBe([
            $"alias-moves/20261123T1512050000000Z-{outcome.Move.Id}-done.json", $"alias-moves/20261123T1512050000000Z-{outcome.Move.Id}-intended.json",
        ]);
        var history = await registry.HistoryAsync();
        var move = history.ShouldHaveSingleItem();
        (move.Step, move.Move.To.Version, move.Move.From, move.Move.By, move.Move.Reason).ShouldBe((AliasMoveStep.Done, "a", null, "a run", "Better."));
    }

    [Fact]
    public async Task Given_ThreeModels_When_RolledBackAgainAndAgain_Then_FurtherBackEachTimeUntilNoneIsLeft()
    {
        var registry = await OpenAsync(azurite);
        foreach (var version in new[] { "a", "b", "c" })
            await registry.PromoteAsync(version);
        foreach (var version in new[] { "b", "a" })
        {
            (await registry.Alias.RollbackAsync("somebody", "Masks look wrong.", Stop)).Done.ShouldBeTrue();
            (await registry.CurrentAsync()).ShouldBe(version);
        }
        (await Should.ThrowAsync<AliasMoveRefusedException>(() => registry.Alias.RollbackAsync("somebody", "Again.", Stop))).Message.ShouldContain("No model served before a");
        var history = await registry.HistoryAsync();
        history.Select(move => (move.Move.Kind, move.Move.From?.Version, move.Move.To.Version)).ShouldBe([
            (AliasMoveKind.Promotion, null, "a"), (AliasMoveKind.Promotion, "a", "b"), (AliasMoveKind.Promotion, "b", "c"),
            (AliasMoveKind.Rollback, "c", "b"), (AliasMoveKind.Rollback, "b", "a"),
        ]);
        history.Zip(history.Skip(1)).ShouldAllBe(pair => pair.Second.Move.After == pair.First.Move.Id);
    }

    [Fact]
    public async Task Given_ARollback_When_TheSameModelIsPromotedAgain_Then_ItServesAndTheWayBackIsRight()
    {
        var registry = await OpenAsync(azurite);
        await registry.PromoteAsync("a");
        await registry.PromoteAsync("b");
        await registry.Alias.RollbackAsync("somebody", "Wrong.", Stop);
        (await registry.PromoteAsync("b")).Done.ShouldBeTrue();
        (await registry.PromoteAsync("a")).Done.ShouldBeTrue();
        (await registry.Store.ReadAliasAsync(Stop)).ShouldNotBeNull().Model.Before.ShouldNotBeNull().Select(model => model.Version).ShouldBe(["a", "b"]);
        await registry.Alias.RollbackAsync("somebody", "Wrong.", Stop);
        (await registry.CurrentAsync()).ShouldBe("b");
    }

    [Fact]
    public async Task Given_MoreMovesThanAreRemembered_When_Moved_Then_TheOldestAreForgotten()
    {
        var registry = await OpenAsync(azurite);
        for (var n = 0; n < ModelAlias.MaxBefore + 3; n++)
            await registry.PromoteAsync($"v{n:00}");
        var before = (await registry.Store.ReadAliasAsync(Stop)).ShouldNotBeNull().Model.Before.ShouldNotBeNull();
        (before.Count, before[0].Version, before[^1].Version).ShouldBe((ModelAlias.MaxBefore, "v02", "v21"));
    }

    [Fact]
    public async Task Given_TheModelInUse_When_PromotedAgain_Then_ItIsNotItsOwnPredecessor()
    {
        var registry = await OpenAsync(azurite);
        await registry.PromoteAsync("a");
        await registry.PromoteAsync("b");
        await registry.PromoteAsync("b");
        await registry.Alias.RollbackAsync("somebody", "Wrong.", Stop);
        (await registry.CurrentAsync()).ShouldBe("a");
    }

    [Fact]
    public async Task Given_ManyPromotersAtOnce_When_AllMoveFromTheSame_Then_ExactlyOneWinsAndTheAuditHasAll()
    {
        var registry = await OpenAsync(azurite);
        await registry.PromoteAsync("a");
        var read = await registry.Store.ReadAliasAsync(Stop);
        var models = new List<ServedModel>();
        foreach (var version in new[] { "b", "c", "d", "e" })
            models.Add(await registry.PublishAsync(version));
        var outcomes = await Task.WhenAll(models.Select(model => Task.Run(
            () => registry.Alias.MoveAsync(read, registry.Alias.NewMove(AliasMoveKind.Promotion, model, "a run", "Better."), Stop), Stop)));
        var winner = outcomes.Single(outcome => outcome.Done);
        (await registry.CurrentAsync()).ShouldBe(winner.Move.To.Version);
        outcomes.ShouldAllBe(outcome => outcome.Noted && outcome.Alias!.Model.MoveId == winner.Move.Id);
        var history = await registry.HistoryAsync();
        history.Count.ShouldBe(5);
        history.Where(move => move.Step == AliasMoveStep.Done).Select(move => move.Move.To.Version).ShouldBe(["a", winner.Move.To.Version], ignoreOrder: true);
        history.Count(move => move.Step == AliasMoveStep.Lost).ShouldBe(3);
        (await registry.NotesAsync()).Count.ShouldBe(10);
    }

    [Fact]
    public async Task Given_NoAliasAndManyPromoters_When_AllCreate_Then_ExactlyOneWins()
    {
        var registry = await OpenAsync(azurite);
        var models = await Task.WhenAll(registry.PublishAsync("a"), registry.PublishAsync("b"));
        var outcomes = await Task.WhenAll(models.Select(model => registry.Alias.MoveAsync(null, registry.Alias.NewMove(AliasMoveKind.Seed, model, "up", "First."), Stop)));
        outcomes.Count(outcome => outcome.Done).ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Given_AMoveWhoseAnswerIsLost_When_TheRetryIsRefused_Then_TheMoverKnowsItsOwnWrite(bool first)
    {
        var registry = await OpenAsync(azurite);
        if (!first)
            await registry.PromoteAsync("a");
        var model = await registry.PublishAsync("b");
        var answers = new LostAnswers(BlobPaths.CurrentModel, count: 1);
        var alias = new ModelAlias(registry.Through(answers), registry.Clock);
        var outcome = await alias.MoveAsync(await registry.Store.ReadAliasAsync(Stop), alias.NewMove(AliasMoveKind.Promotion, model, "a run", "Better."), Stop);
        answers.Lost.ShouldBe(1);
        outcome.Done.ShouldBeTrue();
        (await registry.CurrentAsync()).ShouldBe("b");
        (await registry.HistoryAsync())[^1].Step.ShouldBe(AliasMoveStep.Done);
    }

    [Fact]
    public async Task Given_ARollbackWhoseAnswersAreAllLost_When_Done_Then_ItKnowsAndOneStepWasTaken()
    {
        var registry = await OpenAsync(azurite);
        foreach (var version in new[] { "a", "b", "c" })
            await registry.PromoteAsync(version);
        // Every try and retry arrives or is refused, and no answer comes back.
        var answers = new LostAnswers(BlobPaths.CurrentModel, count: 3);
        var outcome = await new ModelAlias(registry.Through(answers), registry.Clock).RollbackAsync("somebody", "Wrong.", Stop);
        (outcome.Done, await registry.CurrentAsync()).ShouldBe((true, "b"));
    }

    [Fact]
    public async Task Given_ALostAnswerAndANextMoveAtOnce_When_Resolved_Then_TheFirstIsStillNotedAsDone()
    {
        var registry = await OpenAsync(azurite);
        await registry.PromoteAsync("a");
        var (b, c) = (await registry.PublishAsync("b"), await registry.PublishAsync("c"));
        var answers = new LostAnswers(BlobPaths.CurrentModel, count: 1)
        {
            // Before the retry another mover goes on from what the lost write left.
            Between = async () =>
            {
                var read = await registry.Store.ReadAliasAsync(Stop);
                read.ShouldNotBeNull().Model.Version.ShouldBe("b");
                (await registry.Alias.MoveAsync(read, registry.Alias.NewMove(AliasMoveKind.Promotion, c, "another run", "Better."), Stop)).Done.ShouldBeTrue();
            },
        };
        var alias = new ModelAlias(registry.Through(answers), registry.Clock);
        var outcome = await alias.MoveAsync(await registry.Store.ReadAliasAsync(Stop), alias.NewMove(AliasMoveKind.Promotion, b, "a run", "Better."), Stop);
        (outcome.Done, outcome.Alias?.Model.Version).ShouldBe((true, "c"));
        (await registry.HistoryAsync()).ShouldAllBe(move => move.Step == AliasMoveStep.Done);
    }

    [Fact]
    public async Task Given_AMoveWhoseEndCouldNotBeNoted_When_Listed_Then_WhatHappenedFollowsFromTheAlias()
    {
        var registry = await OpenAsync(azurite);
        var outcome = await registry.PromoteAsync("a");
        await DeleteEndAsync(outcome);
        (await registry.HistoryAsync()).ShouldHaveSingleItem().Step.ShouldBe(AliasMoveStep.Done);
        await registry.PromoteAsync("b");
        (await registry.HistoryAsync())[0].Step.ShouldBe(AliasMoveStep.Done);
        // One that was intended only, by a process that was killed before the write.
        var stale = await registry.Alias.MoveAsync(null, registry.Alias.NewMove(AliasMoveKind.Forced, (await registry.PublishAsync("c")), "x", "y"), Stop);
        stale.Done.ShouldBeFalse();
        await DeleteEndAsync(stale);
        (await registry.HistoryAsync())[^1].Step.ShouldBe(AliasMoveStep.Intended);

        async Task DeleteEndAsync(AliasMoveOutcome move) => await registry.Audit
            .GetBlobClient(BlobPaths.AliasMove(move.Move.Time, move.Move.Id, move.Done ? "done" : "lost")).DeleteAsync(cancellationToken: Stop);
    }

    [Fact]
    public async Task Given_CancellationOnceIntended_When_Moved_Then_TheMoveIsMade()
    {
        var registry = await OpenAsync(azurite);
        await registry.PromoteAsync("a");
        var model = await registry.PublishAsync("b");
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var policy = new OnRequest("-intended", cancelled.Cancel);
        var alias = new ModelAlias(registry.Through(policy), registry.Clock);
        var read = await registry.Store.ReadAliasAsync(Stop);
        (await alias.MoveAsync(read, alias.NewMove(AliasMoveKind.Promotion, model, "a run", "Better."), cancelled.Token)).Done.ShouldBeTrue();
        cancelled.IsCancellationRequested.ShouldBeTrue();
        (await registry.CurrentAsync()).ShouldBe("b");
        await Should.ThrowAsync<OperationCanceledException>(() => alias.RollbackAsync("somebody", "Wrong.", cancelled.Token));
        (await registry.HistoryAsync()).Select(move => move.Step).ShouldBe([AliasMoveStep.Done, AliasMoveStep.Done]);
    }

    [Fact]
    public async Task Given_AModelThatIsNotThereOrAnother_When_Moved_Then_RefusedWithoutANote()
    {
        var registry = await OpenAsync(azurite);
        await registry.PublishAsync("a");
        await ShouldRefuseAsync(new ServedModel("gone", new string('a', 64)), "no model 'gone'");
        await ShouldRefuseAsync(new ServedModel("a", new string('a', 64)), "not the model that was meant");
        await ShouldRefuseAsync(new ServedModel("../a", new string('a', 64)), "no model");
        await registry.Models.GetBlobClient(BlobPaths.ModelCard("b")).UploadAsync(BinaryData.FromString("{"), Stop);
        await ShouldRefuseAsync(new ServedModel("b", new string('a', 64)), "cannot serve");
        var c = await registry.PublishAsync("c");
        await registry.BreakWeightsAsync("c");
        await ShouldRefuseAsync(c, "SHA-256");
        await registry.Models.GetBlobClient(BlobPaths.ModelWeights("c")).DeleteAsync(cancellationToken: Stop);
        await ShouldRefuseAsync(c, "does not exist");
        (await registry.NotesAsync()).ShouldBeEmpty();

        async Task ShouldRefuseAsync(ServedModel to, string why) => (await Should.ThrowAsync<AliasMoveRefusedException>(
            () => registry.Alias.MoveAsync(null, registry.Alias.NewMove(AliasMoveKind.Forced, to, "x", "y"), Stop))).Message.ShouldContain(why);
    }

    [Fact]
    public async Task Given_AMove_When_Made_Then_TheAliasNamesTheManifestThatIsStored_AndSoDoTheModelsBeforeIt()
    {
        var registry = await OpenAsync(azurite);
        var outcome = await registry.PromoteAsync("a");
        outcome.Move.To.ManifestSha256.ShouldBe(HashOf("a"));
        await registry.PromoteAsync("b");
        var read = (await registry.Store.ReadAliasAsync(Stop)).ShouldNotBeNull();
        (read.Model.ManifestSha256, read.Served.ManifestSha256, read.Model.Before.ShouldNotBeNull()[0].ManifestSha256).ShouldBe((HashOf("b"), HashOf("b"), HashOf("a")));
        await registry.Alias.RollbackAsync("somebody", "Wrong.", Stop);
        (await registry.Store.ReadAliasAsync(Stop)).ShouldNotBeNull().Model.ManifestSha256.ShouldBe(HashOf("a"));
        (await registry.HistoryAsync()).ShouldAllBe(move => move.Move.To.ManifestSha256 == HashOf(move.Move.To.Version));
    }

    [Fact]
    public async Task Given_AManifestThatWasChangedSinceItServed_When_RolledBack_Then_RefusedAndNothingMoves()
    {
        var registry = await OpenAsync(azurite);
        await registry.PromoteAsync("a");
        await registry.PromoteAsync("b");
        var changed = ManifestOf("a") with { Preprocessing = new ModelPreprocessing(185, 185, "area", "grey / 127.5 - 1") };
        await registry.Models.GetBlobClient(BlobPaths.ModelCard("a")).UploadAsync(JsonOf(changed), overwrite: true, Stop);
        (await Should.ThrowAsync<AliasMoveRefusedException>(() => registry.Alias.RollbackAsync("somebody", "Wrong.", Stop))).Message.ShouldContain("changed since");
        (await registry.CurrentAsync()).ShouldBe("b");
    }

    [Fact]
    public async Task Given_AnAliasOfAnOlderProgram_When_RolledBackAndMoved_Then_ItIsReadAndTheHashesAreNotedFromNowOn()
    {
        var registry = await OpenAsync(azurite);
        var (a, b) = (await registry.PublishAsync("a"), await registry.PublishAsync("b"));
        await registry.Models.GetBlobClient(BlobPaths.CurrentModel).UploadAsync(
            ModelBlobs.ToJson(new CurrentModel("b", b.WeightsSha256) { Before = [a] }, ModelsJson.Default.CurrentModel), Stop);
        (await registry.Store.ReadAliasAsync(Stop)).ShouldNotBeNull().Served.ShouldBe(b with { ManifestSha256 = HashOf("b") }, "the hash makes no other model of it");
        await registry.Alias.RollbackAsync("somebody", "Wrong.", Stop);
        (await registry.Store.ReadAliasAsync(Stop)).ShouldNotBeNull().Model.ManifestSha256.ShouldBe(HashOf("a"));
        await registry.PromoteAsync("a");
        (await registry.Store.ReadAliasAsync(Stop)).ShouldNotBeNull().Model.Before.ShouldBeNull("the same model is not its own predecessor");
    }

    [Fact]
    public async Task Given_ADamagedAlias_When_Repaired_Then_AModelServesAndAnUndamagedOneIsLeftAlone()
    {
        var registry = await OpenAsync(azurite);
        var model = await registry.PublishAsync("a");
        await registry.Models.GetBlobClient(BlobPaths.CurrentModel).UploadAsync(BinaryData.FromString("{"), Stop);
        await Should.ThrowAsync<DamagedModelException>(() => registry.Alias.RollbackAsync("x", "y", Stop));
        (await registry.Alias.RepairAsync(registry.Alias.NewMove(AliasMoveKind.Forced, model, "x", "y"), Stop)).Done.ShouldBeTrue();
        (await registry.CurrentAsync()).ShouldBe("a");
        await Should.ThrowAsync<AliasMoveRefusedException>(() => registry.Alias.RepairAsync(registry.Alias.NewMove(AliasMoveKind.Forced, model, "x", "y"), Stop));
    }

    [Fact]
    public async Task Given_ADamagedAliasThatAnotherRepairsFirst_When_Repaired_Then_TheOthersModelGoesOnServing()
    {
        var registry = await OpenAsync(azurite);
        var (a, b) = (await registry.PublishAsync("a"), await registry.PublishAsync("b"));
        await registry.Models.GetBlobClient(BlobPaths.CurrentModel).UploadAsync(BinaryData.FromString("{"), Stop);
        var policy = new BeforeHead(BlobPaths.CurrentModel, () => registry.Alias.RepairAsync(registry.Alias.NewMove(AliasMoveKind.Forced, b, "another", "y"), Stop));
        var alias = new ModelAlias(registry.Through(policy), registry.Clock);
        await Should.ThrowAsync<AliasMoveRefusedException>(() => alias.RepairAsync(alias.NewMove(AliasMoveKind.Forced, a, "x", "y"), Stop));
        (await registry.CurrentAsync()).ShouldBe("b");
    }

    [Fact]
    public async Task Given_DataErasedWhileADecisionWasMade_When_Promoted_Then_RefusedWithoutANoteAndByForceItServes()
    {
        var registry = await OpenAsync(azurite);
        var model = await registry.PublishAsync("a");
        await registry.Models.GetBlobClient(BlobPaths.ModelErasure("a")).UploadAsync(BinaryData.FromString("{}"), Stop);
        (await Should.ThrowAsync<AliasMoveRefusedException>(
            () => registry.Alias.MoveAsync(null, registry.Alias.NewMove(AliasMoveKind.Promotion, model, "a run", "Better."), Stop))).Message.ShouldContain("erased");
        (await registry.NotesAsync()).ShouldBeEmpty();
        (await registry.Alias.MoveAsync(null, registry.Alias.NewMove(AliasMoveKind.Forced, model, "somebody", "It must."), Stop)).Done.ShouldBeTrue();
    }

    [Fact]
    public async Task Given_DamagedNotes_When_Listed_Then_ToldByTheirNamesAndHideNoOther()
    {
        var registry = await OpenAsync(azurite);
        await registry.PromoteAsync("a");
        await registry.Audit.GetBlobClient("alias-moves/20260101T0000000000000Z-0011223344556677-done.json").UploadAsync(BinaryData.FromString("{"), Stop);
        await registry.Audit.GetBlobClient("alias-moves/readme.txt").UploadAsync(BinaryData.FromString("{"), Stop);
        var damaged = new List<string>();
        (await registry.HistoryAsync(damaged)).Count.ShouldBe(1);
        damaged.Count.ShouldBe(2);
        damaged.ShouldAllBe(message => message.Contains("audit/alias-moves/"));
    }

    private static string HashOf(string version) => ModelBlobs.HashOf(JsonOf(ManifestOf(version)));

    /// <summary>Lets writes of a blob arrive and loses the first answers.</summary>
    private sealed class LostAnswers(string blob, int count) : HttpPipelinePolicy
    {
        private int _lost;

        public int Lost => _lost;

        public Func<Task>? Between { get; init; }

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            await ProcessNextAsync(message, pipeline);
            if (message.Request.Method != RequestMethod.Put || !message.Request.Uri.Path.EndsWith(blob, StringComparison.Ordinal) || _lost >= count)
                return;
            _lost++;
            if (Between is not null)
                await Between();
            throw new IOException("The connection broke.");
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException();
    }

    /// <summary>Once, before the blob's properties are asked for.</summary>
    private sealed class BeforeHead(string blob, Func<Task> act) : HttpPipelinePolicy
    {
        private bool _done;

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            if (!_done && message.Request.Method == RequestMethod.Head && message.Request.Uri.Path.EndsWith(blob, StringComparison.Ordinal))
            {
                _done = true;
                await act();
            }
            await ProcessNextAsync(message, pipeline);
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException();
    }

    private sealed class OnRequest(string part, Action then) : HttpPipelinePolicy
    {
        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            await ProcessNextAsync(message, pipeline);
            if (message.Request.Uri.Path.Contains(part, StringComparison.Ordinal))
                then();
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException();
    }
}
