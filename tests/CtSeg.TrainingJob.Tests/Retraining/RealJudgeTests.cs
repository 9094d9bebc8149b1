using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Imaging;
using CtSeg.Models;
using CtSeg.Testing;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Retraining;
using CtSeg.TrainingJob.Tests.Registry;
using CtSeg.TrainingRuns;
using static CtSeg.TrainingJob.Tests.Retraining.RetrainWorld;

namespace CtSeg.TrainingJob.Tests.Retraining;

/// <summary>Whole runs with the judge as it is, and small models that were really trained in the challenger's place.</summary>
[Collection(TorchCollection.Name)]
public sealed class RealJudgeTests(AzuriteFixture azurite)
{
    private static readonly TrainingRunRequest Asked = new("test");

    [Theory]
    [InlineData(1, "ground-glass-opacity")]
    [InlineData(2, "consolidation")]
    [InlineData(3, "pleural-effusion")]
    public async Task Given_ChallengerBlindForOneClass_When_Judged_Then_RefusedForIt(int worse, string name)
    {
        var (world, run) = await RunAsync(champion: 0, challenger: worse, Asked);
        var ended = await world.ReadAsync(run);
        ended.State.ShouldBe(TrainingRunState.Refused);
        ended.Reason.ShouldNotBeNull().ShouldContain($"{name} is not proven to keep its Dice");
        (await world.ServedAsync()).ShouldBe(ChampionVersion);
        (await world.Models.FindDecisionAsync(run, Stop)).ShouldNotBeNull().Classes[worse - 1].ChallengerDice.ShouldBe(0);
    }

    [Fact]
    public async Task Given_BetterChallenger_When_Judged_Then_PromotedAndTheReportShowsIt()
    {
        var (world, run) = await RunAsync(champion: 2, challenger: 0, Asked);
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Promoted);
        (await world.ServedAsync()).ShouldBe(run);
        var report = (await world.Storage.GetBlobContainerClient(Containers.TrainingRuns).GetBlobClient(BlobPaths.TrainingReport(run)).DownloadContentAsync(Stop)).Value.Content.ToString();
        report.ShouldContain($"Promoted: {run} serves in place of {ChampionVersion}.");
        report.ShouldContain("worst");
        report.ShouldContain("data:image/png;base64,");
    }

    [Fact]
    public async Task Given_EqualChallenger_When_Judged_Then_Refused()
    {
        var (world, run) = await RunAsync(champion: 0, challenger: 0, Asked);
        var ended = await world.ReadAsync(run);
        ended.State.ShouldBe(TrainingRunState.Refused);
        ended.Reason.ShouldNotBeNull().ShouldContain("not proven better");
        (await world.ServedAsync()).ShouldBe(ChampionVersion);
    }

    [Theory]
    [InlineData(0.5, TrainingRunState.Refused)]
    [InlineData(1, TrainingRunState.Promoted)]
    public async Task Given_ChallengerThatDiffersOnLiveSlices_When_TheShadowIsDone_Then_ItsLimitDecides(double limit, TrainingRunState end)
    {
        // The champion never finds one class: about all of its pixels the two disagree.
        var (world, run) = await RunAsync(champion: 2, challenger: 0, Asked with { Shadow = new ShadowTerms(Share: 1, Slices: 4, Hours: 10_000, limit) });
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Shadowing);
        await LookOnAsync(world, run, slices: 4);
        world.Ask(run, 2);
        await world.DrainAsync(new DiscTrainer(0));

        var ended = await world.ReadAsync(run);
        ended.State.ShouldBe(end, ended.Reason);
        (await world.ServedAsync()).ShouldBe(end == TrainingRunState.Promoted ? run : ChampionVersion);
        var seen = (await world.Models.FindDecisionAsync(run, Stop)).ShouldNotBeNull().Shadow.ShouldNotBeNull();
        (seen.Slices, seen.Classes[1].SlicesWithClass, seen.Classes[1].Share).ShouldBe((4, 4, 1));
        if (end == TrainingRunState.Refused)
            ended.Reason.ShouldNotBeNull().ShouldContain("In shadow it disagreed about 100 % of the pixels of consolidation, where 50 % are allowed");
    }

    private async Task<(RetrainWorld World, string Run)> RunAsync(int champion, int challenger, TrainingRunRequest request)
    {
        var world = RetrainWorld.OpenEmpty(await azurite.NewAccountAsync());
        await world.Storage.GetBlobContainerClient(Containers.TrainingData).GetBlobClient(BlobPaths.EvaluationRule).UploadAsync(
            new BinaryData(JsonSerializer.SerializeToUtf8Bytes(new EvaluationRule(0.5, 1), ContractsJson.Default.EvaluationRule)), Stop);
        foreach (var slice in DiscModels.Slices(20, seed: 3))
        {
            var image = BinaryData.FromBytes(PngWriter.Grey(slice.Image));
            await world.Data.AddAsync(
                new NewSlice(NewSlice.IdOf(slice.Name, image), slice.Name, slice.Group, image, slice.Mask, new SliceOrigin(SliceOrigins.Import, DateTime.UnixEpoch)), Stop);
        }
        var files = FilesOf(ChampionVersion, champion);
        await world.Models.PublishAsync(files.Manifest, files.ManifestJson, files.Weights, new TrainedOn(ChampionVersion, null, [], []), Stop);
        await world.MoveAliasAsync(ChampionVersion);
        var run = await world.RequestAsync(request);
        await world.DrainAsync(new DiscTrainer(challenger));
        return (world, run);
    }

    /// <summary>What the consuming job does with live slices.</summary>
    private static async Task LookOnAsync(RetrainWorld world, string run, int slices)
    {
        var (first, second) = ((await world.Models.FindFilesAsync(ChampionVersion, Stop)).ShouldNotBeNull(), (await world.Models.FindFilesAsync(run, Stop)).ShouldNotBeNull());
        using var champion = SliceSegmenter.Load(first);
        using var challenger = SliceSegmenter.Load(second);
        foreach (var slice in DiscModels.Slices(slices, seed: 7))
        {
            var (classes, overall) = ShadowSummaries.Compare(
                champion.Segment(slice.Image, slice.Mask.Width, slice.Mask.Height), challenger.Segment(slice.Image, slice.Mask.Width, slice.Mask.Height));
            var result = new ShadowResult(
                ScanId.FromContent(slice.Name, []), run, new ModelReference(ChampionVersion, first.Manifest.WeightsSha256), new ModelReference(run, second.Manifest.WeightsSha256),
                classes, DateTime.UnixEpoch) { Overall = overall };
            (await new ShadowResultStore(world.Storage).TryStoreAsync(result, Stop)).ShouldBeTrue();
        }
    }

    private static ModelFiles FilesOf(string version, int blindFor)
    {
        using var folder = new TemporaryFolder();
        DiscModels.Write(folder.Path, version, blindFor, trainedOn: null);
        return new ModelFiles(
            ModelFolder.ReadManifest(folder.Path),
            BinaryData.FromBytes(File.ReadAllBytes(folder[ModelFolder.ManifestName])), BinaryData.FromBytes(File.ReadAllBytes(folder[ModelFolder.WeightsName])));
    }

    private sealed class DiscTrainer(int blindFor) : IChallengerTrainer
    {
        public Task<ModelFiles> TrainAsync(OwnedRun run, RunData data, CancellationToken stopping) => Task.FromResult(FilesOf(run.Id, blindFor));
    }
}
