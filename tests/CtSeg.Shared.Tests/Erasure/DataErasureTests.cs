using System.Text.Json;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Erasure;
using CtSeg.Models;
using CtSeg.Segmentation;
using CtSeg.Testing;
using CtSeg.TrainingRuns;

namespace CtSeg.Shared.Tests.Erasure;

public sealed class DataErasureTests(AzuriteFixture azurite)
{
    private static readonly ErasureTarget Group = ErasureTarget.OfGroup("patient 7");
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_AGroup_When_Forgotten_Then_OnlyOthersAreLeft()
    {
        var (world, before) = await PrepareAsync();

        var report = await world.Erasure().ForgetAsync(Group, Stop);

        report.IsDone.ShouldBeTrue();
        report.TrainingSlices.ShouldBe(3);
        report.Models.Select(model => model.Version).ShouldBe(["challenger", "grandchild", "learnt"]);
        report.UnknownModels.ShouldBe(["silent"]);
        report.Unreadable.ShouldBeEmpty();
        report.Runs.ShouldBe(["20261123-150000-aaaaaa"]);
        await ShouldBeForgottenAsync(world, before);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Given_AProcessThatDiesAfterEveryWrite_When_Resumed_Then_TheSameIsLeft()
    {
        var account = await azurite.NewAccountAsync();
        var (world, before) = await PrepareAsync(account);
        var (deaths, writes) = (0, new List<string>());
        await Should.ThrowAsync<KilledException>(() => world.Erasure(new Interruptions { KillAfter = 1 }.Connect(account)).ForgetAsync(Group, Stop));

        for (ErasureReport? done = null; done is null;)
        {
            var erasure = world.Erasure(new Interruptions { KillAfter = 1, Log = writes }.Connect(account));
            var open = (await world.Erasure().ListOpenAsync(_ => throw new InvalidOperationException(), Stop)).ShouldHaveSingleItem();
            try
            {
                done = await erasure.ResumeAsync(open, Stop);
            }
            catch (KilledException)
            {
                (++deaths).ShouldBeLessThan(200, string.Join('\n', writes));
            }
        }

        // The last write ends the order, and what follows it is no write.
        deaths.ShouldBeGreaterThan(40);
        await ShouldBeForgottenAsync(world, before);
        (await world.Erasure().ListOpenAsync(_ => { }, Stop)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_AnOrder_When_Read_Then_NoNamesAndItsSchema()
    {
        var (world, _) = await PrepareAsync();
        var report = await world.Erasure().ForgetAsync(Group, Stop);
        var json = await world.ReadAsync(Containers.Audit, BlobPaths.Erasure(report.Id!));
        foreach (var name in (string[])["patient", "hospital", "slice", ".png"])
            json.ShouldNotContain(name, Case.Insensitive);
        var order = JsonSerializer.Deserialize(json, ContractsJson.Default.ErasureOrder).ShouldNotBeNull();
        (order.State, order.Subject).ShouldBe((ErasureState.Done, ErasureSubject.Group));
        order.Outcome.ShouldNotBeNull().Models.ShouldBe(["challenger", "grandchild", "learnt"]);
        (await NJsonSchema.JsonSchema.FromFileAsync(Path.Combine(AppContext.BaseDirectory, "Schemas", "erasure.json"), Stop)).Validate(json).ShouldBeEmpty();
        var mark = await world.ReadAsync(Containers.Models, BlobPaths.ModelErasure("grandchild"));
        mark.ShouldContain("\"needsRetraining\":true");
        (await NJsonSchema.JsonSchema.FromFileAsync(Path.Combine(AppContext.BaseDirectory, "Schemas", "model-erasure.json"), Stop)).Validate(mark).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_APreview_When_Asked_Then_NothingChanges()
    {
        var (world, before) = await PrepareAsync();
        var report = await world.Erasure().PreviewAsync(Group, Stop);
        (await world.BlobsAsync()).ShouldBe(before);
        (report.Id, report.IsDone, report.TrainingSlices, report.Uploads, report.Blobs).ShouldBe((null, false, 3, 4, 0));
        report.Models.Count.ShouldBe(3);
        report.Runs.ShouldBe(["20261123-150000-aaaaaa"]);
        (await world.Erasure().PreviewAsync(ErasureTarget.OfGroup("nobody"), Stop)).IsEmpty.ShouldBeTrue();
        (await world.Erasure().PreviewAsync(ErasureTarget.OfScan(ScanId.Parse("0011223344556677")), Stop)).IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public async Task Given_OneScan_When_Forgotten_Then_ItsPictureIsGoneEverywhereAndTheRestOfItsGroupStays()
    {
        var world = new ErasureWorld(new BlobServiceClient(await azurite.NewAccountAsync()));
        var scan = await world.CompleteAsync("patient 7/1.png", ErasureWorld.Picture(1));
        await world.CorrectAsync(scan, ErasureWorld.Mask(1));
        var same = await world.ImportAsync("other", "elsewhere", ErasureWorld.Picture(1, 96), new LesionMask(96, 96, new byte[96 * 96]));
        var rest = await world.CompleteAsync("patient 7/2.png", ErasureWorld.Picture(2));
        await world.CorrectAsync(rest, ErasureWorld.Mask(1));

        var report = await world.Erasure().ForgetAsync(ErasureTarget.OfScan(scan), Stop);

        report.Scans.ShouldBe(new[] { scan, same }.OrderBy(id => id.ToString(), StringComparer.Ordinal));
        var left = await world.BlobsAsync();
        left.Keys.ShouldNotContain(key => key.Contains(scan.ToString(), StringComparison.Ordinal) || key.Contains(same.ToString(), StringComparison.Ordinal));
        left.Keys.Count(key => key.Contains(rest.ToString(), StringComparison.Ordinal)).ShouldBe(9);
        var slice = (await world.Data.FindAsync(rest, Stop)).ShouldNotBeNull();
        // Both masks were alike.
        MaskPng.Read((await world.Data.ReadMaskAsync(slice.MaskSha256, Stop)).ToMemory()).Labels.ShouldBe(ErasureWorld.Mask(1).Labels);
        left.Keys.Count(key => key.StartsWith("training-data/images/", StringComparison.Ordinal)).ShouldBe(1);
        left.Keys.Count(key => key.StartsWith("training-data/masks/", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task Given_BlackSlices_When_OneIsForgotten_Then_TheOtherStays()
    {
        var world = new ErasureWorld(new BlobServiceClient(await azurite.NewAccountAsync()));
        var black = PngBlack();
        var one = await world.CompleteAsync("a/1.png", black);
        var other = await world.CompleteAsync("b/1.png", black);
        (await world.Erasure().ForgetAsync(ErasureTarget.OfScan(one), Stop)).Scans.ShouldBe([one]);
        (await world.BlobsAsync()).Keys.Count(key => key.Contains(other.ToString(), StringComparison.Ordinal)).ShouldBe(6);

        static byte[] PngBlack() => CtSeg.Imaging.PngWriter.Grey(new CtSeg.Imaging.GreyImage(16, 16, new byte[256]));
    }

    [Fact]
    public async Task Given_ReplacedMasks_When_Forgotten_Then_EarlierMasksAndSnapshotsGoToo()
    {
        var world = new ErasureWorld(new BlobServiceClient(await azurite.NewAccountAsync()));
        var scan = await world.CompleteAsync("patient 7/1.png", ErasureWorld.Picture(1));
        await world.CorrectAsync(scan, ErasureWorld.Mask(1));
        await world.CorrectAsync(scan, ErasureWorld.Mask(2));
        await world.CorrectAsync(scan, ErasureWorld.Mask(3));
        foreach (var (container, name) in new[] { (Containers.Slices, "patient 7/1.png"), (Containers.TrainingData, BlobPaths.TrainingSlice(scan)) })
            await world.Storage.GetBlobContainerClient(container).GetBlobClient(name).CreateSnapshotAsync(cancellationToken: Stop);

        await world.Erasure().ForgetAsync(ErasureTarget.OfGroup("patient 7"), Stop);

        (await world.BlobsAsync()).Keys.ShouldBe(["training-data/salt.json"]);
    }

    [Fact]
    public async Task Given_AnUploadThatWasNotTakenInYet_When_ItShowsAForgottenPicture_Then_ItGoesToo()
    {
        var world = new ErasureWorld(new BlobServiceClient(await azurite.NewAccountAsync()));
        var scan = await world.CompleteAsync("patient 7/1.png", ErasureWorld.Picture(1));
        await world.UploadAsync("incoming/x.png", ErasureWorld.Picture(1, 80));
        await world.UploadAsync("incoming/y.png", ErasureWorld.Picture(2));
        await world.Erasure().ForgetAsync(ErasureTarget.OfScan(scan), Stop);
        (await world.BlobsAsync()).Keys.ShouldBe(["slices/incoming/y.png"]);
    }

    [Fact]
    public async Task Given_AnOpenOrder_When_TheSliceIsUploadedAnew_Then_ResumingLeavesIt()
    {
        var account = await azurite.NewAccountAsync();
        var world = new ErasureWorld(new BlobServiceClient(account));
        var scan = await world.CompleteAsync("patient 7/1.png", ErasureWorld.Picture(1));
        // Uploads of the second in which an order is written belong to it: storage counts in seconds.
        var order = new ErasureOrder("20261123-151205-aaaaaa", ErasureSubject.Scan, ErasureState.Open, world.Now, ErasureFindings.None with { Scans = [scan] })
        {
            Scan = scan,
            UploadedUntil = (await world.Storage.GetBlobContainerClient(Containers.Slices).GetBlobClient("patient 7/1.png").GetPropertiesAsync(cancellationToken: Stop)).Value.LastModified.UtcDateTime.AddSeconds(-1),
        };
        await world.PutAsync(Containers.Audit, BlobPaths.Erasure(order.Id), ErasureWorld.Json(order, ContractsJson.Default.ErasureOrder));
        var before = await world.BlobsAsync();

        var open = (await world.Erasure().ListOpenAsync(_ => { }, Stop)).ShouldHaveSingleItem();
        var report = await world.Erasure().ResumeAsync(open, Stop);

        report.Renewed.ShouldBe([scan]);
        (report.IsDone, report.Blobs).ShouldBe((true, 0));
        (await world.BlobsAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task Given_ASliceThatWasForgotten_When_UploadedAnew_Then_ItIsAScanLikeAnyOther()
    {
        var world = new ErasureWorld(new BlobServiceClient(await azurite.NewAccountAsync()));
        var scan = await world.CompleteAsync("patient 7/1.png", ErasureWorld.Picture(1));
        await world.Erasure().ForgetAsync(ErasureTarget.OfScan(scan), Stop);

        (await world.CompleteAsync("patient 7/1.png", ErasureWorld.Picture(1))).ShouldBe(scan);
        await world.CorrectAsync(scan, ErasureWorld.Mask(1));
        (await world.Data.SnapshotAsync(Stop)).Slices.ShouldHaveSingleItem().Id.ShouldBe(scan);
        (await new CtSeg.Scans.ScanBlobs(world.Storage).Erased.IsErasedAsync(scan, Stop)).ShouldBeFalse();
    }

    [Fact]
    public async Task Given_DamagedDocuments_When_Forgotten_Then_ToldByPathAndDone()
    {
        var (world, _) = await PrepareAsync();
        await world.PutAsync(Containers.TrainingData, "slices/00000000000000aa.json", new BinaryData("{"));
        await world.PutAsync(Containers.TrainingData, "data-sets/00000000000000bb.json", new BinaryData("{"));
        await world.PutAsync(Containers.Models, "broken/model.json", new BinaryData("{"));
        await world.PutAsync(Containers.TrainingRuns, "20261123-150000-cccccc.json", new BinaryData("{"));
        var report = await world.Erasure().ForgetAsync(Group, Stop);
        report.IsDone.ShouldBeTrue();
        report.Unreadable.Order(StringComparer.Ordinal).ShouldBe(
            ["models/broken/model.json", "training-data/data-sets/00000000000000bb.json", "training-data/slices/00000000000000aa.json", "training-runs/20261123-150000-cccccc.json"]);
        report.UnknownModels.ShouldBe(["broken", "silent"], ignoreOrder: true);
    }

    [Fact]
    public async Task Given_ADamagedOrder_When_Listed_Then_ItHidesNoOther()
    {
        var account = await azurite.NewAccountAsync();
        var world = new ErasureWorld(new BlobServiceClient(account));
        await world.PutAsync(Containers.Audit, "erasures/20200101-000000-000000.json", new BinaryData("{"));
        await Should.ThrowAsync<KilledException>(() => world.Erasure(new Interruptions { KillAfter = 2 }.Connect(account)).ForgetAsync(Group, Stop));
        var damaged = new List<string>();
        (await world.Erasure().ListOpenAsync(order => damaged.Add(order.BlobPath), Stop)).Count.ShouldBe(1);
        damaged.ShouldBe(["audit/erasures/20200101-000000-000000.json"]);
    }

    [Fact]
    public async Task Given_ASetThatIsWrittenFromAnOldListing_When_ASliceOfItIsForgotten_Then_TheSetIsTakenAnew()
    {
        var account = await azurite.NewAccountAsync();
        var world = new ErasureWorld(new BlobServiceClient(account));
        var gone = await world.ImportAsync("a", "patient 7", ErasureWorld.Picture(1), ErasureWorld.Mask(1));
        var stays = await world.ImportAsync("b", "patient 8", ErasureWorld.Picture(2), ErasureWorld.Mask(1));
        await world.Data.RuleAsync(Stop);
        var slow = new Interruptions { Before = (0, () => world.Erasure().ForgetAsync(ErasureTarget.OfScan(gone), Stop)) };

        var data = await new DataSetStore(slow.Connect(account), world.Clock).SnapshotAsync(Stop);

        data.Slices.Select(slice => slice.Id).ShouldBe([stays]);
        (await world.BlobsAsync()).Keys.Where(key => key.StartsWith("training-data/data-sets/", StringComparison.Ordinal)).ShouldBe([$"training-data/data-sets/{data.Version}.json"]);
    }

    [Fact]
    public async Task Given_ARunThatCannotBeStopped_When_ItsDataAreForgotten_Then_ToldAsSuch()
    {
        var world = new ErasureWorld(new BlobServiceClient(await azurite.NewAccountAsync()));
        await world.ImportAsync("a", "patient 7", ErasureWorld.Picture(1), ErasureWorld.Mask(1));
        var data = await world.Data.SnapshotAsync(Stop);
        var run = TrainingRunStatus.Requested("20261123-150000-aaaaaa", new TrainingRunRequest("schedule"), world.Now) with { DataSet = data.Version };
        await world.RunAsync(run with { AliasMoveId = "0011223344556677" });
        await world.RunAsync(run with { Id = "20261123-150000-bbbbbb" });

        var report = await world.Erasure().ForgetAsync(Group, Stop);

        (report.IsDone, report.Runs.Single(), report.RunsNotStopped.Single()).ShouldBe((true, "20261123-150000-bbbbbb", "20261123-150000-aaaaaa"));
    }

    [Fact]
    public async Task Given_AChallengerInShadow_When_DataOfItsRunAreForgotten_Then_ItEndsThere()
    {
        var world = new ErasureWorld(new BlobServiceClient(await azurite.NewAccountAsync()));
        await world.ImportAsync("a", "patient 7", ErasureWorld.Picture(1), ErasureWorld.Mask(1));
        var data = await world.Data.SnapshotAsync(Stop);
        var run = TrainingRunStatus.Requested("20261123-150000-aaaaaa", new TrainingRunRequest("schedule"), world.Now) with { DataSet = data.Version };
        await world.RunAsync(run with { State = TrainingRunState.Shadowing });
        var shadows = new ShadowStore(world.Storage, world.Clock);
        await shadows.StartAsync(new ShadowModel(new ServedModel("v2", new string('b', 64)), 1, run.Id, world.Now, world.Now.AddHours(2)), Stop);

        await world.Erasure().ForgetAsync(Group, Stop);

        (await shadows.ReadAsync(Stop)).ShouldBeNull();
    }

    [Fact]
    public async Task Given_ASliceThatOnlyADataSetPutsIntoTheGroup_When_TheGroupIsForgotten_Then_ItGoesByItsOwnGroup()
    {
        var world = new ErasureWorld(new BlobServiceClient(await azurite.NewAccountAsync()));
        await world.ImportAsync("a", "patient 1", ErasureWorld.Picture(1), ErasureWorld.Mask(1));
        var joined = await world.ImportAsync("b", "patient 7", ErasureWorld.Picture(1, 96), new LesionMask(96, 96, new byte[96 * 96]));
        var other = await world.ImportAsync("c", "patient 7", ErasureWorld.Picture(2), ErasureWorld.Mask(2));
        var data = await world.Data.SnapshotAsync(Stop);
        data.Slices.Select(slice => slice.Group).ShouldAllBe(group => group == "patient 1");
        data.Slices.Where(slice => slice.OwnGroup == "patient 7").Select(slice => slice.Id).ShouldBe([joined, other], ignoreOrder: true);
        foreach (var slice in new[] { joined, other })
            await world.PutAsync(Containers.TrainingData, BlobPaths.TrainingSlice(slice), new BinaryData("{"));

        (await world.Erasure().PreviewAsync(ErasureTarget.OfGroup("patient 1"), Stop)).Scans.ShouldNotContain(other);
        var report = await world.Erasure().ForgetAsync(Group, Stop);

        report.Scans.ShouldContain(other);
        (await world.BlobsAsync()).Keys.Where(key => key.StartsWith("training-data/slices/", StringComparison.Ordinal) || key.StartsWith("training-data/images/", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    private async Task<(ErasureWorld World, Dictionary<string, string> Before)> PrepareAsync(string? account = null)
    {
        var world = new ErasureWorld(new BlobServiceClient(account ?? await azurite.NewAccountAsync()));
        // Of the group: by metadata, by folder, imported; the first also uploaded elsewhere under another name, size and group.
        var byMetadata = await world.CompleteAsync("hospital/slice-1.png", ErasureWorld.Picture(1), "patient 7");
        var byFolder = await world.CompleteAsync("patient 7/slice-2.png", ErasureWorld.Picture(2));
        await world.CompleteAsync("elsewhere/copy.png", ErasureWorld.Picture(1, 96));
        await world.UploadAsync("patient 7/not-taken-in.png", ErasureWorld.Picture(3));
        await world.CorrectAsync(byMetadata, ErasureWorld.Mask(1));
        await world.CorrectAsync(byFolder, ErasureWorld.Mask(2));
        await world.ImportAsync("imported", "patient 7", ErasureWorld.Picture(4), ErasureWorld.Mask(3));
        var data = await world.Data.SnapshotAsync(Stop);
        var hash = await world.Data.GroupHashAsync(Stop);
        await world.Data.RuleAsync(Stop);
        var locked = new EvaluationSet("00000000000000ee", data.Version, EvaluationRule.Default, world.Now, [byFolder]);
        await world.PutAsync(Containers.TrainingData, BlobPaths.EvaluationSet(locked.Version), ErasureWorld.Json(locked, ContractsJson.Default.EvaluationSet));
        await world.PutAsync(Containers.Audit, BlobPaths.DeadLetter($"{byFolder}-1"), new BinaryData("{}"));
        await world.PutAsync(Containers.Audit, BlobPaths.DeadLetter("foreign-12"), new BinaryData("{\"blobName\":\"patient 7/slice-2.png\"}"));
        await world.DiscardAsync("status/1", byFolder, body: null);
        await world.DiscardAsync("undelivered-events/1", scan: null, new BinaryData("{\"BlobName\":\"patient 7/slice-2.png\"}"));
        await RunsAsync(world, data, locked, byFolder);
        await ModelsAsync(world, data, hash);
        var before = await world.BlobsAsync();
        // What must stay: another patient, with a mask that one of the group has too.
        var other = await world.CompleteAsync("patient 8/slice-1.png", ErasureWorld.Picture(8));
        await world.CorrectAsync(other, ErasureWorld.Mask(1));
        await world.PutAsync(Containers.Audit, BlobPaths.DeadLetter($"{other}-1"), new BinaryData("{}"));
        await world.DiscardAsync("status/2", other, body: null);
        await world.DiscardAsync("undelivered-events/2", scan: null, new BinaryData("{\"BlobName\":\"patient 8/slice-1.png\"}"));
        await world.PutAsync(Containers.TrainingRuns, BlobPaths.ShadowResult("20261123-150000-aaaaaa", other), new BinaryData("{}"));
        var all = await world.BlobsAsync();
        world.Kept = [.. all.Keys.Except(before.Keys), $"training-data/masks/{ContentHash.Of(MaskPng.Write(ErasureWorld.Mask(1)))}.png"];
        return (world, all);
    }

    private static async Task RunsAsync(ErasureWorld world, DataSet data, EvaluationSet locked, ScanId scan)
    {
        var run = TrainingRunStatus.Requested("20261123-150000-aaaaaa", new TrainingRunRequest("schedule"), world.Now);
        await world.RunAsync(run with { DataSet = data.Version, EvaluationSet = "00000000000000ff" });
        await world.RunAsync(run with { Id = "20261123-140000-bbbbbb", State = TrainingRunState.Promoted, EvaluationSet = locked.Version, Challenger = "challenger" });
        await world.RunAsync(run with { Id = "20261123-130000-cccccc", DataSet = "00000000000000ff" });
        await world.PutAsync(Containers.TrainingRuns, BlobPaths.ShadowResult(run.Id, scan), new BinaryData("{}"));
    }

    private static async Task ModelsAsync(ErasureWorld world, DataSet data, GroupHash hash)
    {
        var picture = data.Slices[0].Picture;
        await world.ModelAsync("learnt", null, new TrainedOn("learnt", data.Version, [picture], []));
        await world.ModelAsync("challenger", null, new TrainedOn("challenger", null, [], [hash.Of("patient 7")]));
        await world.ModelAsync("grandchild", "learnt", null);
        await world.ModelAsync("other", null, new TrainedOn("other", null, [], [hash.Of("patient 8")]));
        await world.ModelAsync("silent", null, null);
        await world.ModelAsync("shipped", null, null);
        await world.ModelAsync("untrained", null, null, isTrained: false);
    }

    private static async Task ShouldBeForgottenAsync(ErasureWorld world, Dictionary<string, string> before)
    {
        var left = await world.BlobsAsync();
        string[] documents = [.. left.Keys.Where(key => !world.Kept.Contains(key))];
        string[] expected =
        [
            .. ((string[])["challenger", "grandchild", "learnt"]).SelectMany(model => Model(model, isMarked: true)),
            .. ((string[])["other", "shipped", "silent", "untrained"]).SelectMany(model => Model(model, isMarked: false)),
            "training-data/evaluation-sets/rule.json",
            "training-data/salt.json",
            "training-runs/20261123-130000-cccccc.json",
            "training-runs/20261123-130000-cccccc/checkpoint.safetensors",
            "training-runs/20261123-130000-cccccc/report.html",
            "training-runs/20261123-140000-bbbbbb.json",
            "training-runs/20261123-150000-aaaaaa.json",
        ];
        (string.Join(' ', documents.Except(expected)), string.Join(' ', expected.Except(documents))).ShouldBe(("", ""));
        foreach (var kept in world.Kept)
            left.GetValueOrDefault(kept).ShouldBe(before[kept], kept);
        (await new TrainingRunStore(world.Storage, world.Clock).FindAsync("20261123-150000-aaaaaa", Stop)).ShouldNotBeNull().Run.State.ShouldBe(TrainingRunState.Cancelled);

        static IEnumerable<string> Model(string version, bool isMarked)
        {
            if (isMarked)
                yield return $"models/{version}/erasure.json";
            yield return $"models/{version}/model.json";
            if (!isMarked)
                yield return $"models/{version}/report.html";
            if (version is "learnt" or "challenger" or "other")
                yield return $"models/{version}/trained-on.json";
        }
    }
}
