using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.Testing;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Retraining;
using CtSeg.TrainingJob.WeightFiles;
using CtSeg.TrainingRuns;
using static CtSeg.TrainingJob.Tests.Retraining.RetrainWorld;

namespace CtSeg.TrainingJob.Tests.Retraining;

/// <summary>Real trainings of a tiny network, cut off right after each of their writes.</summary>
[Collection(TorchCollection.Name)]
public sealed class KilledRetrainingTests(AzuriteFixture azurite)
{
    private const int MostKills = 200;
    private static readonly TrainingRunRequest ThreeEpochs = new("test") { Epochs = 3, Promotion = FewGroups };

    // A dead job's beat is old at once; one that lives never beats in between.
    private static readonly RetrainLimits Mortal = new()
    {
        Idle = TimeSpan.FromMinutes(1), MaxWait = TimeSpan.FromMinutes(1), BeatEvery = TimeSpan.FromDays(30), StaleAfter = TimeSpan.Zero,
    };

    [Fact]
    public async Task Given_KilledAfterAnyWrite_When_GoneOnWith_Then_EndedOnceWithTheBitsOfAnUndisturbedRun()
    {
        var undisturbed = await OpenAsync();
        var whole = await undisturbed.RequestAsync(ThreeEpochs);
        await undisturbed.DrainAsync();
        var end = await undisturbed.ReadAsync(whole);

        var world = await OpenAsync();
        var run = await world.RequestAsync(ThreeEpochs);
        var kills = 0;
        while (kills < MostKills && await world.DieAfterWriteAsync(WritesOf(kills)))
            kills++;

        kills.ShouldBeGreaterThan(10);
        kills.ShouldBeLessThan(MostKills);
        var killed = await world.ReadAsync(run);
        (killed.State, killed.Progress!.Epoch).ShouldBe((end.State, 3));
        killed.HasEnded.ShouldBeTrue();
        killed.Timeline.Count(step => step.State >= TrainingRunState.Promoted).ShouldBe(1);
        killed.Progress.Losses.ShouldBe(end.Progress!.Losses);
        (await world.Models.FindAsync(run, Stop)).ShouldNotBeNull().WeightsSha256.ShouldBe((await undisturbed.Models.FindAsync(whole, Stop)).ShouldNotBeNull().WeightsSha256);
        (await world.ExistsAsync(Containers.TrainingRuns, BlobPaths.TrainingCheckpoint(run))).ShouldBeFalse();
        (await world.Runs.FindActiveAsync(Stop)).ShouldBeNull();
        world.Bus.Messages(Queues.TrainingRequests).ShouldBeEmpty();
        world.Bus.Messages(Queues.DeadLettersOf(Queues.TrainingRequests)).ShouldBeEmpty();
        world.Bus.Messages(Queues.Alerts).Count(message => message.MessageId == $"{run}-ended").ShouldBe(1);
    }

    [Fact]
    public async Task Given_PromotionKilledAfterAnyWrite_When_GoneOnWith_Then_TheAliasMovesOnce()
    {
        var world = await OpenAsync();
        var (privateKey, publicKey, _) = ModelSignatures.NewKey();
        await world.Models.SignAsync(ChampionVersion, privateKey, Stop);
        (world.Trusted, world.Key) = (TrustedKeys.Read(publicKey), SigningKey.Read(privateKey));
        var run = await world.RequestAsync(ThreeEpochs);
        var kills = 0;
        while (kills < MostKills && await world.DieAfterWriteAsync(WritesOf(kills), new FakeTrainer(), new FakeJudge(promotes: true)))
            kills++;

        kills.ShouldBeGreaterThan(10);
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Promoted);
        var alias = (await world.Models.ReadAliasAsync(Stop)).ShouldNotBeNull();
        alias.Model.Version.ShouldBe(run);
        alias.Model.Before.ShouldNotBeNull().Select(model => model.Version).ShouldBe([ChampionVersion]);
        world.Bus.Messages(Queues.Alerts).Select(message => message.MessageId!.Split('-')[^1]).ShouldBe(["changed", "ended"]);
    }

    [Fact]
    public async Task Given_Training_When_Done_Then_ItBeganWithTheChampionAndKeptItsInputCheck()
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync(ThreeEpochs with { Epochs = 1 });
        await world.DrainAsync();
        var files = (await world.Models.FindFilesAsync(run, Stop)).ShouldNotBeNull();
        var champion = (await world.Models.FindFilesAsync(ChampionVersion, Stop)).ShouldNotBeNull();
        var (manifest, network, check) = ModelFolder.Load(files);
        var (_, championNetwork, championCheck) = ModelFolder.Load(champion);
        using (network)
        using (check)
        using (championNetwork)
        using (championCheck)
        {
            manifest.ParentVersion.ShouldBe(ChampionVersion);
            manifest.Training!.HeldOutGroups.ShouldBeEmpty();
            check.ShouldNotBeNull().Score(Picture(3).Image).ShouldBe(championCheck.ShouldNotBeNull().Score(Picture(3).Image));
            // One gentle epoch stays near where it began; random weights of another seed do not.
            using var near = network.parameters().First().sub(championNetwork.parameters().First()).abs().max();
            near.item<float>().ShouldBeInRange(1e-7f, 0.1f);
        }
        files.ManifestJson.ToString().ShouldNotContain("g1");
    }

    [Fact]
    public async Task Given_TimeBudget_When_ItPasses_Then_TrainingStopsAtTheEndOfTheEpoch()
    {
        var world = await OpenAsync();
        // Time runs a thousand times faster: the first epoch takes longer than that.
        var run = await world.RequestAsync(ThreeEpochs with { Epochs = 50, Minutes = 0.001 });
        await world.DrainAsync();
        (await world.ReadAsync(run)).Progress.ShouldNotBeNull().ShouldSatisfyAllConditions(p => p.Epoch.ShouldBe(1), p => p.Epochs.ShouldBe(50), p => p.SecondsLeft.ShouldBe(0));
    }

    public enum Damage
    {
        CutInTheMiddle,
        FlippedByte,
        /// <summary>As another version of the program might write it.</summary>
        LackingAMoment,
    }

    [Theory]
    [InlineData(Damage.CutInTheMiddle)]
    [InlineData(Damage.FlippedByte)]
    [InlineData(Damage.LackingAMoment)]
    public async Task Given_DamagedCheckpoint_When_GoneOnWith_Then_TrainingBeginsAnewAndEndsWithTheSameBits(Damage damage)
    {
        var undisturbed = await OpenAsync();
        var whole = await undisturbed.RequestAsync(ThreeEpochs);
        await undisturbed.DrainAsync();

        var world = await OpenAsync();
        var run = await world.RequestAsync(ThreeEpochs);
        (await world.DieAfterWriteAsync("checkpoint.safetensors", writes: 2)).ShouldBeTrue();
        await DamageAsync(world, run, damage);
        await world.DrainAsync();
        (await world.ReadAsync(run)).Progress.ShouldNotBeNull().Epoch.ShouldBe(3);
        (await world.Models.FindAsync(run, Stop)).ShouldNotBeNull().WeightsSha256.ShouldBe((await undisturbed.Models.FindAsync(whole, Stop)).ShouldNotBeNull().WeightsSha256);
    }

    private static async Task DamageAsync(RetrainWorld world, string run, Damage damage)
    {
        var blob = world.Storage.GetBlobContainerClient(Containers.TrainingRuns).GetBlobClient(BlobPaths.TrainingCheckpoint(run));
        var stored = (await blob.DownloadContentAsync(Stop)).Value;
        var content = stored.Content.ToArray();
        switch (damage)
        {
            case Damage.CutInTheMiddle:
                await OverwriteAsync(content[..(content.Length / 2)]);
                break;
            case Damage.FlippedByte:
                content[^1] ^= 1;
                await OverwriteAsync(content);
                break;
            default:
                var (tensors, metadata) = Safetensors.Read(content);
                var last = tensors.Keys.Where(name => name.StartsWith("second.", StringComparison.Ordinal)).Max(StringComparer.Ordinal);
                var rest = Safetensors.Write(tensors.Where(tensor => tensor.Key != last).ToDictionary(), metadata);
                (await world.Runs.Checkpoints.TryReplaceAsync(run, "x", new BinaryData(rest), stored.Details.ETag, Stop)).ShouldNotBeNull();
                break;
        }

        // As a disk would damage it.
        Task OverwriteAsync(byte[] damaged) => blob.UploadAsync(new BinaryData(damaged), new BlobUploadOptions { Metadata = stored.Details.Metadata }, Stop);
    }

    /// <summary>
    /// Of a job that follows on so many killed ones: over and over from the claim alone to more. The rounds grow, so that some job comes to the end,
    /// also where it spends some writes on replacing a request that came back often.
    /// </summary>
    private static int WritesOf(int kills) => 1 + (kills % (6 + (kills / 6)));

    private async Task<RetrainWorld> OpenAsync() => await RetrainWorld.OpenAsync(await azurite.NewAccountAsync(), Mortal);
}
