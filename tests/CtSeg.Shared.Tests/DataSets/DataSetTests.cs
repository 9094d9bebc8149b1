using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Erasure;
using CtSeg.Imaging;
using CtSeg.Testing;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.Shared.Tests.DataSets;

public sealed class DataSetTests(AzuriteFixture azurite)
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(Pictures.Now));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_EqualData_When_SnapshotsAreTaken_Then_OneVersionThatNeverChanges()
    {
        var (store, _) = await OpenAsync();
        var (other, _) = await OpenAsync();
        await store.AddAsync(Pictures.Slice(1, "a"), Stop);
        await store.AddAsync(Pictures.Slice(2, "b"), Stop);
        await other.AddAsync(Pictures.Slice(2, "b"), Stop);
        await other.AddAsync(Pictures.Slice(1, "a"), Stop);

        var first = await store.SnapshotAsync(Stop);
        _time.Advance(TimeSpan.FromDays(1));
        var again = await store.SnapshotAsync(Stop);
        var elsewhere = await other.SnapshotAsync(Stop);

        first.CreatedAt.ShouldBe(Pictures.Now);
        again.CreatedAt.ShouldBe(Pictures.Now);
        again.Version.ShouldBe(first.Version);
        elsewhere.Version.ShouldBe(first.Version);
        first.Slices.Select(slice => slice.Id.ToString()).ShouldBeInOrder();
        await store.AddAsync(Pictures.Slice(3, "c"), Stop);
        (await store.SnapshotAsync(Stop)).Version.ShouldNotBe(first.Version);
        (await store.FindDataSetAsync(first.Version, Stop)).ShouldNotBeNull().Slices.ShouldBe(first.Slices);
        (await store.FindDataSetAsync("0011223344556677", Stop)).ShouldBeNull();
        (await store.FindDataSetAsync("../evaluation-sets/rule", Stop)).ShouldBeNull();
    }

    [Fact]
    public async Task Given_AStoredDataSetThatIsNotWhole_When_Found_Then_RefusedUntilItIsMadeAgain()
    {
        var (store, container) = await OpenAsync();
        await store.AddAsync(Pictures.Slice(1, "a"), Stop);
        var data = await store.SnapshotAsync(Stop);
        var blob = container.GetBlobClient(BlobPaths.DataSet(data.Version));
        var text = (await blob.DownloadContentAsync(Stop)).Value.Content.ToString();
        foreach (var damaged in new[] { "{", text.Replace("\"group\":\"a\"", "\"group\":\"b\"", StringComparison.Ordinal) })
        {
            damaged.ShouldNotBe(text);
            await blob.UploadAsync(BinaryData.FromString(damaged), overwrite: true, Stop);
            await Should.ThrowAsync<DamagedDataException>(() => store.FindDataSetAsync(data.Version, Stop));
            await store.SnapshotAsync(Stop);
            (await store.FindDataSetAsync(data.Version, Stop)).ShouldNotBeNull().Slices.ShouldBe(data.Slices);
        }
    }

    [Fact]
    public async Task Given_TheSamePictureInTwoGroups_When_ASnapshotIsTaken_Then_TheyAreOne()
    {
        var (store, _) = await OpenAsync();
        var picture = Pictures.Blotches(1, side: 512);
        await store.AddAsync(Pictures.Slice(picture, "one", "b", Pictures.Mask(side: 512)), Stop);
        await store.AddAsync(Pictures.Slice(Pictures.Map(Preprocessing(picture, 256), grey => 0.85 * grey + 10), "two", "a", Pictures.Mask(side: 256)), Stop);
        await store.AddAsync(Pictures.Slice(2, "b"), Stop);
        await store.AddAsync(Pictures.Slice(3, "c"), Stop);

        var data = await store.SnapshotAsync(Stop);

        data.Slices.CountBy(slice => slice.Group).OrderBy(group => group.Key, StringComparer.Ordinal)
            .ShouldBe([new("a", 3), new("c", 1)]);
        var now = await store.ReadAsync(Stop);
        now.Data.Version.ShouldBe(data.Version);
        now.Slices.Select(slice => slice.Group).Order(StringComparer.Ordinal).ShouldBe(["a", "b", "b", "c"]);
        data.Slices.Where(slice => slice.OwnGroup is not null).Select(slice => string.Join(' ', slice.Groups)).ShouldBe(["a b", "a b"]);

        static GreyImage Preprocessing(GreyImage picture, int side) => CtSeg.Preprocessing.AreaResize.Resize(picture, side, side);
    }

    [Fact]
    public async Task Given_ABlackSliceInEveryGroup_When_Locked_Then_TheGroupsStayApartAndOnTheirSides()
    {
        var (store, _) = await OpenAsync();
        foreach (var (group, seed) in new[] { ("g01", 1), ("g08", 2), ("g02", 3) })
        {
            await store.AddAsync(Pictures.Slice(seed, group), Stop);
            await store.AddAsync(Pictures.Slice(new GreyImage(Pictures.Side, Pictures.Side, new byte[Pictures.Side * Pictures.Side]), $"black {group}", group), Stop);
        }

        var data = await store.SnapshotAsync(Stop);
        var set = await store.LockAsync(data, Stop);

        data.Slices.CountBy(slice => slice.Group).OrderBy(group => group.Key, StringComparer.Ordinal).ShouldBe([new("g01", 2), new("g02", 2), new("g08", 2)]);
        data.Slices.Where(slice => set.Slices.Contains(slice.Id)).Select(slice => slice.Group).ShouldBe(["g08", "g08"]);
        (await store.ReadAsync(Stop)).Locked.ShouldBe(set.Slices, ignoreOrder: true);
    }

    [Fact]
    public async Task Given_LockedGroups_When_OthersJoin_Then_TheSetIsTheSameAndItsSlicesStayLocked()
    {
        var (store, _) = await OpenAsync();
        // By name: g08 and g21 are locked at the default rule, g01 to g07 are not.
        foreach (var (group, seed) in new[] { ("g01", 1), ("g08", 2), ("g02", 3), ("g21", 4) })
            await store.AddAsync(Pictures.Slice(seed, group), Stop);
        var data = await store.SnapshotAsync(Stop);
        var set = await store.LockAsync(data, Stop);
        var locked = new[] { Pictures.Slice(2).Id, Pictures.Slice(4).Id };
        set.Slices.ShouldBe(locked, ignoreOrder: true);
        set.Slices.Select(id => id.ToString()).ShouldBeInOrder();
        set.Rule.ShouldBe(EvaluationRule.Default);

        await store.AddAsync(Pictures.Slice(5, "g03"), Stop);
        _time.Advance(TimeSpan.FromHours(1));
        var more = await store.SnapshotAsync(Stop);
        var same = await store.LockAsync(more, Stop);
        (same.Version, same.CreatedAt, same.DataSet).ShouldBe((set.Version, set.CreatedAt, more.Version));
        same.Slices.ShouldBe(set.Slices);

        await store.AddAsync(Pictures.Slice(2, "g08", Pictures.Mask(2)), Stop);
        (await store.LockAsync(await store.SnapshotAsync(Stop), Stop)).Version.ShouldNotBe(set.Version);
        (await store.FindEvaluationSetAsync(set.Version, Stop)).ShouldNotBeNull().DataSet.ShouldBe(data.Version);
        (await store.FindEvaluationSetAsync("rule", Stop)).ShouldBeNull();
    }

    [Fact]
    public async Task Given_ALockedGroup_When_ItsSlicesGetAnotherGroup_Then_TheyAndThatGroupStayLocked()
    {
        var (store, _) = await OpenAsync();
        await store.AddAsync(Pictures.Slice(1, "g08"), Stop);
        await store.AddAsync(Pictures.Slice(2, "g01"), Stop);
        await store.AddAsync(Pictures.Slice(3, "g02"), Stop);
        (await store.LockAsync(await store.SnapshotAsync(Stop), Stop)).Slices.ShouldBe([Pictures.Slice(1).Id]);

        await store.AddAsync(Pictures.Slice(1, "g01"), Stop);

        ScanId[] locked = [Pictures.Slice(1).Id, Pictures.Slice(2).Id];
        (await store.LockAsync(await store.SnapshotAsync(Stop), Stop)).Slices.ShouldBe(locked, ignoreOrder: true);
        (await store.ReadAsync(Stop)).Locked.ShouldBe(locked, ignoreOrder: true);
        // Their own group moves on, and the one that they were with is locked by its own picture now.
        await store.AddAsync(Pictures.Slice(1, "g03"), Stop);
        (await store.LockAsync(await store.SnapshotAsync(Stop), Stop)).Slices.ShouldBe(locked, ignoreOrder: true);
    }

    [Fact]
    public async Task Given_AJoinedGroup_When_TheSliceThatJoinedItIsErased_Then_TheRestStaysLocked()
    {
        var connection = await azurite.NewAccountAsync();
        var (storage, picture) = (new BlobServiceClient(connection), Pictures.Blotches(1, side: 512));
        var store = new DataSetStore(storage, _time);
        await store.AddAsync(Pictures.Slice(picture, "one", "g08", Pictures.Mask(side: 512)), Stop);
        var link = await store.AddAsync(Pictures.Slice(CtSeg.Preprocessing.AreaResize.Resize(picture, 256, 256), "two", "g01", Pictures.Mask(side: 256)), Stop);
        await store.AddAsync(Pictures.Slice(2, "g01"), Stop);
        await store.AddAsync(Pictures.Slice(3, "g02"), Stop);
        (await store.LockAsync(await store.SnapshotAsync(Stop), Stop)).Slices.Count.ShouldBe(3);

        await new DataErasure(storage, _time, new HashSet<string>()).ForgetAsync(ErasureTarget.OfScan(link.Slice.Id), Stop);

        (await store.ListAsync(Stop).CountAsync(Stop)).ShouldBe(2);
        (await store.LockAsync(await store.SnapshotAsync(Stop), Stop)).Slices.ShouldBe([Pictures.Slice(2).Id]);
        var known = (await storage.GetBlobContainerClient(Containers.TrainingData).GetBlobClient(BlobPaths.LockedPictures).DownloadContentAsync(Stop)).Value.Content.ToString();
        known.ShouldNotContain(link.Slice.Picture.Sha256);
        known.ShouldContain((await store.FindAsync(Pictures.Slice(2).Id, Stop)).ShouldNotBeNull().Picture.Sha256);
    }

    [Fact]
    public async Task Given_ManyWhoLockAtOnce_When_TheyEnd_Then_NoPictureIsForgotten()
    {
        var (store, container) = await OpenAsync();
        var sets = new List<DataSet>();
        foreach (var seed in Enumerable.Range(1, 6))
        {
            await store.AddAsync(Pictures.Slice(seed, "g08"), Stop);
            sets.Add(await store.SnapshotAsync(Stop));
        }
        await Task.WhenAll(sets.Select(set => store.LockAsync(set, Stop)));
        var known = (await container.GetBlobClient(BlobPaths.LockedPictures).DownloadContentAsync(Stop)).Value.Content.ToString();
        sets[^1].Slices.ShouldAllBe(slice => known.Contains(slice.Picture.Sha256));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{\"schemaVersion\":2,\"pictures\":[]}")]
    [InlineData("{\"schemaVersion\":1,\"pictures\":[{\"sha256\":\"a\",\"fingerprint\":\"b\"}]}")]
    public async Task Given_DamagedLockedPictures_When_Locked_Then_RefusedAndNotMadeAnew(string json)
    {
        var (store, container) = await OpenAsync();
        await store.AddAsync(Pictures.Slice(1, "g08"), Stop);
        var blob = container.GetBlobClient(BlobPaths.LockedPictures);
        await blob.UploadAsync(BinaryData.FromString(json), Stop);
        (await Should.ThrowAsync<DamagedDataException>(() => store.SnapshotAsync(Stop))).Message.ShouldContain("evaluation-sets/locked.json");
        (await blob.DownloadContentAsync(Stop)).Value.Content.ToString().ShouldBe(json);
    }

    [Theory]
    [InlineData("{\"schemaVersion\":1,\"share\":0.9,\"seed\":1}", "0.9")]
    [InlineData("{\"schemaVersion\":1,\"share\":0,\"seed\":1}", "0.05")]
    [InlineData("{\"schemaVersion\":2,\"share\":0.2,\"seed\":1}", "version 2")]
    [InlineData("{\"seed\":1}", "cannot be read")]
    [InlineData("nothing", "cannot be read")]
    public async Task Given_ADamagedRule_When_Locked_Then_RefusedAndNotMadeAnew(string rule, string says)
    {
        var (store, container) = await OpenAsync();
        var blob = container.GetBlobClient(BlobPaths.EvaluationRule);
        await blob.UploadAsync(BinaryData.FromString(rule), Stop);
        (await Should.ThrowAsync<DamagedDataException>(() => store.SnapshotAsync(Stop))).Message.ShouldContain(says);
        (await Should.ThrowAsync<DamagedDataException>(() => store.LockAsync(new DataSet("0011223344556677", Pictures.Now, []), Stop))).Message.ShouldContain("rule.json");
        (await blob.DownloadContentAsync(Stop)).Value.Content.ToString().ShouldBe(rule);
    }

    [Fact]
    public async Task Given_ARuleOfOnesOwn_When_Locked_Then_ItHolds()
    {
        var (store, container) = await OpenAsync();
        await container.GetBlobClient(BlobPaths.EvaluationRule).UploadAsync(BinaryData.FromString("{\"schemaVersion\":1,\"share\":0.5,\"seed\":-3}"), Stop);
        await store.AddAsync(Pictures.Slice(1, "x"), Stop);
        var set = await store.LockAsync(await store.SnapshotAsync(Stop), Stop);
        set.Rule.ShouldBe(new EvaluationRule(0.5, -3));
        set.Slices.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Given_ManyWhoNeedTheSaltAndTheRule_When_Asked_Then_AllGetTheSame()
    {
        var (store, _) = await OpenAsync();
        var hashes = await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ => (await store.GroupHashAsync(Stop)).Of("g")));
        hashes.Distinct().ShouldHaveSingleItem().ShouldNotBe(ContentHash.Of("g"u8));
        var (other, _) = await OpenAsync();
        (await other.GroupHashAsync(Stop)).Of("g").ShouldNotBe(hashes[0]);
        (await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => store.RuleAsync(Stop)))).ShouldAllBe(rule => rule == EvaluationRule.Default);
    }

    [Fact]
    public async Task Given_NoData_When_Read_Then_AnEmptyDataSetAndNothingIsWritten()
    {
        var (store, container) = await OpenAsync();
        (await store.ReadAsync(Stop)).Data.Slices.ShouldBeEmpty();
        (await container.GetBlobsAsync(new Azure.Storage.Blobs.Models.GetBlobsOptions(), Stop).CountAsync(Stop)).ShouldBe(0);
    }

    private async Task<(DataSetStore Store, BlobContainerClient Container)> OpenAsync()
    {
        var storage = new BlobServiceClient(await azurite.NewAccountAsync());
        return (new DataSetStore(storage, _time), storage.GetBlobContainerClient(Containers.TrainingData));
    }
}
