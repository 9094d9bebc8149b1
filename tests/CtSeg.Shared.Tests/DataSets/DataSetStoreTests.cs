using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Imaging;
using CtSeg.Segmentation;
using CtSeg.Testing;

namespace CtSeg.Shared.Tests.DataSets;

public sealed class DataSetStoreTests(AzuriteFixture azurite)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_ASlice_When_AddedAgain_Then_NothingIsWrittenAgain()
    {
        var (store, container) = await OpenAsync();
        var slice = Pictures.Slice(1, "g01", Pictures.Mask(3));

        var added = await store.AddAsync(slice, Stop);
        var before = await ETagsAsync(container);
        var again = await store.AddAsync(new NewSlice(slice.Id, slice.Name, slice.Group, slice.Image, slice.Mask, slice.Origin with { Time = Pictures.Now.AddDays(1) }), Stop);

        (added.Change, added.Changed).ShouldBe((SliceChange.Added, true));
        (again.Change, again.Changed).ShouldBe((SliceChange.Unchanged, false));
        again.Slice.Origin.Time.ShouldBe(Pictures.Now);
        (await ETagsAsync(container)).ShouldBe(before);
        before.Count.ShouldBe(3);
        added.Slice.ClassPixels.ShouldBe([64 * 64 - 40, 0, 0, 40]);
        (added.Slice.Width, added.Slice.Height, added.Slice.Group, added.Slice.Name).ShouldBe((64, 64, "g01", "slice 1"));
        (await store.ReadImageAsync(added.Slice.ImageSha256, Stop)).ToArray().ShouldBe(slice.Image.ToArray());
        MaskPng.Read((await store.ReadMaskAsync(added.Slice.MaskSha256, Stop)).ToMemory()).Labels.ShouldBe(slice.Mask.Labels);
        (await store.FindAsync(slice.Id, Stop)).ShouldNotBeNull().Picture.ShouldBe(added.Slice.Picture);
        (await store.FindAsync(ScanId.Parse("0011223344556677"), Stop)).ShouldBeNull();
    }

    [Fact]
    public async Task Given_AnotherMaskOrGroup_When_AddedAgain_Then_TheDocumentIsReplacedAndEarlierDataSetsStay()
    {
        var (store, _) = await OpenAsync();
        await store.AddAsync(Pictures.Slice(1), Stop);
        var first = await store.SnapshotAsync(Stop);

        (await store.TryAsync(Pictures.Slice(1, mask: Pictures.Mask(2)), Stop)).Change.ShouldBe(SliceChange.Replaced);
        (await store.SnapshotAsync(Stop)).Version.ShouldBe(first.Version);
        var replaced = await store.AddAsync(Pictures.Slice(1, mask: Pictures.Mask(2)), Stop);
        var second = await store.SnapshotAsync(Stop);
        var moved = await store.AddAsync(Pictures.Slice(1, "other", Pictures.Mask(2)), Stop);

        replaced.Change.ShouldBe(SliceChange.Replaced);
        moved.Change.ShouldBe(SliceChange.Replaced);
        second.Version.ShouldNotBe(first.Version);
        var old = (await store.FindDataSetAsync(first.Version, Stop)).ShouldNotBeNull().Slices.ShouldHaveSingleItem();
        MaskPng.Read((await store.ReadMaskAsync(old.MaskSha256, Stop)).ToMemory()).Labels.ShouldContain((byte)1);
        var listed = await store.ListAsync(Stop).ToListAsync(Stop);
        listed.ShouldHaveSingleItem().MaskSha256.ShouldBe(second.Slices.ShouldHaveSingleItem().MaskSha256);
    }

    [Fact]
    public async Task Given_AMaskFromAnotherCompressor_When_TheSameIsAdded_Then_Unchanged()
    {
        var (store, container) = await OpenAsync();
        var slice = Pictures.Slice(1);
        var added = (await store.AddAsync(slice, Stop)).Slice;
        // The same labels as grey PNG, other bytes.
        var other = new BinaryData(PngWriter.Grey(new GreyImage(64, 64, slice.Mask.Labels)));
        var hash = ContentHash.Of(other.ToMemory().Span);
        hash.ShouldNotBe(added.MaskSha256);
        await container.GetBlobClient(BlobPaths.TrainingMask(hash)).UploadAsync(other, Stop);
        await WriteAsync(container, added with { MaskSha256 = hash });

        (await store.AddAsync(slice, Stop)).Change.ShouldBe(SliceChange.Unchanged);
        (await store.AddAsync(Pictures.Slice(1, mask: Pictures.Mask(1, at: 200)), Stop)).Change.ShouldBe(SliceChange.Replaced);
    }

    [Fact]
    public async Task Given_ManyWritersOfOneSlice_When_AddedAtOnce_Then_ItIsThereOnceAndAllEnd()
    {
        var (store, container) = await OpenAsync();
        var same = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => store.AddAsync(Pictures.Slice(1), Stop)));
        // A writer that came second and finds just what it wrote itself takes it for its own, whose answer was lost.
        same.ShouldContain(stored => stored.Change == SliceChange.Added);
        same.ShouldAllBe(stored => stored.Change == SliceChange.Added || stored.Change == SliceChange.Unchanged);

        var masks = Enumerable.Range(0, 6).Select(i => Pictures.Mask(2, at: 100 * (i + 1))).ToArray();
        var different = await Task.WhenAll(masks.Select(mask => store.AddAsync(Pictures.Slice(2, mask: mask), Stop)));
        different.Count(stored => stored.Change == SliceChange.Added).ShouldBe(1);
        different.Count(stored => stored.Change == SliceChange.Replaced).ShouldBe(5);
        var last = (await store.FindAsync(Pictures.Slice(2).Id, Stop)).ShouldNotBeNull();
        different.Select(stored => stored.Slice.MaskSha256).ShouldContain(last.MaskSha256);
        (await ETagsAsync(container)).Keys.Count(name => name.StartsWith(BlobPaths.TrainingSlices, StringComparison.Ordinal)).ShouldBe(2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Given_AnAnswerThatWasLost_When_TheWriteIsRetried_Then_ItIsKnownAsOurs(bool replaces)
    {
        var connection = await azurite.NewAccountAsync();
        if (replaces)
            await new DataSetStore(new BlobServiceClient(connection), TimeProvider.System).AddAsync(Pictures.Slice(1, mask: Pictures.Mask(3)), Stop);
        var lost = new LostAnswers(BlobPaths.TrainingSlice(Pictures.Slice(1).Id));
        var options = new BlobClientOptions { Retry = { Delay = TimeSpan.Zero } };
        options.AddPolicy(lost, HttpPipelinePosition.PerRetry);
        var store = new DataSetStore(new BlobServiceClient(connection, options), TimeProvider.System);

        (await store.AddAsync(Pictures.Slice(1), Stop)).Change.ShouldBe(replaces ? SliceChange.Replaced : SliceChange.Added);
        lost.Lost.ShouldBe(1);
    }

    [Fact]
    public async Task Given_DamagedDocuments_When_Listed_Then_ToldByTheirIdsAndTheOthersAreThere()
    {
        var damaged = new List<DamagedDocument>();
        var (store, container) = await OpenAsync(damaged.Add);
        var good = (await store.AddAsync(Pictures.Slice(1), Stop)).Slice;
        string Id(int number) => $"{number:x16}";
        await WriteAsync(container, BlobPaths.TrainingSlice(ScanId.Parse(Id(1))), "{\"group\":\"Mrs Secret\"");
        await WriteAsync(container, BlobPaths.TrainingSlice(ScanId.Parse(Id(2))), "null");
        await WriteAsync(container, BlobPaths.TrainingSlice(ScanId.Parse(Id(3))), "");
        await WriteAsync(container, good, at: Id(4));
        await WriteAsync(container, good with { Id = ScanId.Parse(Id(5)), MaskSha256 = "../salt" });
        await WriteAsync(container, good with { Id = ScanId.Parse(Id(6)), Group = " " });
        await WriteAsync(container, good with { Id = ScanId.Parse(Id(7)), ClassPixels = [1, 2, 3, 4] });
        await WriteAsync(container, good with { Id = ScanId.Parse(Id(8)), Picture = good.Picture with { Fingerprint = "abc" } });
        await WriteAsync(container, "slices/Mrs Secret.json", "{}");

        (await store.ListAsync(Stop).ToListAsync(Stop)).ShouldHaveSingleItem().Id.ShouldBe(good.Id);
        damaged.Select(document => document.BlobPath).Order(StringComparer.Ordinal)
            .ShouldBe(Enumerable.Range(1, 8).Select(number => $"training-data/slices/{Id(number)}.json").Prepend("training-data/slices/"));
        damaged.ShouldAllBe(document => document.Problem.EndsWith('.') && !document.Problem.Contains("Secret", StringComparison.Ordinal));
        (await store.SnapshotAsync(Stop)).Slices.ShouldHaveSingleItem();
        (await Should.ThrowAsync<DamagedDataException>(() => store.FindAsync(ScanId.Parse(Id(2)), Stop))).Message.ShouldContain(Id(2));

        await WriteAsync(container, BlobPaths.TrainingSlice(good.Id), "damaged");
        (await store.AddAsync(Pictures.Slice(1), Stop)).Change.ShouldBe(SliceChange.Replaced);
        (await store.FindAsync(good.Id, Stop)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Given_DamagedFiles_When_Read_Then_RefusedUntilTheSliceIsAddedAgain()
    {
        var (store, container) = await OpenAsync();
        var slice = (await store.AddAsync(Pictures.Slice(1), Stop)).Slice;
        var (image, mask) = (container.GetBlobClient(BlobPaths.TrainingImage(slice.ImageSha256)), container.GetBlobClient(BlobPaths.TrainingMask(slice.MaskSha256)));
        await image.UploadAsync(BinaryData.FromString("swapped"), overwrite: true, Stop);
        await mask.DeleteAsync(cancellationToken: Stop);

        (await Should.ThrowAsync<DamagedDataException>(() => store.ReadImageAsync(slice.ImageSha256, Stop))).Message.ShouldContain("damaged or swapped");
        (await Should.ThrowAsync<DamagedDataException>(() => store.ReadMaskAsync(slice.MaskSha256, Stop))).Message.ShouldContain("missing");
        await Should.ThrowAsync<DamagedDataException>(() => store.ReadImageAsync("../slices/x", Stop));

        (await store.AddAsync(Pictures.Slice(1), Stop)).Change.ShouldBe(SliceChange.Unchanged);
        (await store.ReadImageAsync(slice.ImageSha256, Stop)).ToArray().ShouldBe(Pictures.Slice(1).Image.ToArray());
        await store.ReadMaskAsync(slice.MaskSha256, Stop);
    }

    [Fact]
    public async Task Given_AMaskThatIsErasedWithAnotherSlice_When_ASliceNamesItMeanwhile_Then_ItIsThere()
    {
        var connection = await azurite.NewAccountAsync();
        var container = new BlobServiceClient(connection).GetBlobContainerClient(Containers.TrainingData);
        var first = (await new DataSetStore(new BlobServiceClient(connection), TimeProvider.System).AddAsync(Pictures.Slice(1), Stop)).Slice;
        var second = Pictures.Slice(2);
        // Between the look at the mask, which is there, and the document that names it.
        var erasure = new BeforeWriting(BlobPaths.TrainingSlice(second.Id), () => container.GetBlobClient(BlobPaths.TrainingMask(first.MaskSha256)).DeleteAsync(cancellationToken: Stop));
        var options = new BlobClientOptions();
        options.AddPolicy(erasure, HttpPipelinePosition.PerRetry);
        var store = new DataSetStore(new BlobServiceClient(connection, options), TimeProvider.System);

        var stored = await store.AddAsync(second, Stop);

        erasure.Done.ShouldBeTrue();
        stored.Slice.MaskSha256.ShouldBe(first.MaskSha256);
        await store.ReadMaskAsync(stored.Slice.MaskSha256, Stop);
    }

    [Fact]
    public async Task Given_WhatIsNoSlice_When_Added_Then_RefusedAndNothingIsStored()
    {
        var (store, container) = await OpenAsync();
        var slice = Pictures.Slice(1);
        await Should.ThrowAsync<SliceRejectedException>(() => store.AddAsync(
            new NewSlice(slice.Id, "a", "g", BinaryData.FromString("no picture"), slice.Mask, slice.Origin), Stop));
        (await Should.ThrowAsync<SliceRejectedException>(() => store.AddAsync(
            new NewSlice(slice.Id, "a", "g", slice.Image, new LesionMask(64, 32, new byte[64 * 32]), slice.Origin), Stop))).Message.ShouldContain("64 x 32");
        (await store.TryAsync(slice, Stop)).Change.ShouldBe(SliceChange.Added);
        (await ETagsAsync(container)).ShouldBeEmpty();
        foreach (var name in new[] { "", " ", "a\nb", new string('a', NewSlice.MaxNameLength + 1) })
        {
            Should.Throw<ArgumentException>(() => new NewSlice(slice.Id, name, "g", slice.Image, slice.Mask, slice.Origin));
            Should.Throw<ArgumentException>(() => new NewSlice(slice.Id, "a", name, slice.Image, slice.Mask, slice.Origin));
        }
    }

    private async Task<(DataSetStore Store, BlobContainerClient Container)> OpenAsync(Action<DamagedDocument>? damaged = null)
    {
        var storage = new BlobServiceClient(await azurite.NewAccountAsync());
        return (new DataSetStore(storage, TimeProvider.System) { Damaged = damaged }, storage.GetBlobContainerClient(Containers.TrainingData));
    }

    private static Task WriteAsync(BlobContainerClient container, TrainingSlice slice, string? at = null) => WriteAsync(
        container, BlobPaths.TrainingSlice(at is null ? slice.Id : ScanId.Parse(at)),
        System.Text.Json.JsonSerializer.Serialize(slice, ContractsJson.Default.TrainingSlice));

    private static async Task WriteAsync(BlobContainerClient container, string name, string content) =>
        await container.GetBlobClient(name).UploadAsync(BinaryData.FromString(content), overwrite: true, Stop);

    private static async Task<Dictionary<string, ETag?>> ETagsAsync(BlobContainerClient container) =>
        await container.GetBlobsAsync(new GetBlobsOptions(), Stop).ToDictionaryAsync(blob => blob.Name, blob => blob.Properties.ETag, cancellationToken: Stop);

    /// <summary>Does the first write of a blob and loses the answer, as a connection that breaks does.</summary>
    private sealed class LostAnswers(string blob) : HttpPipelinePolicy
    {
        public int Lost { get; private set; }

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            await ProcessNextAsync(message, pipeline);
            if (message.Request.Method == RequestMethod.Put && Lost == 0 && Uri.UnescapeDataString(message.Request.Uri.Path).EndsWith(blob, StringComparison.Ordinal))
            {
                Lost++;
                throw new IOException("The connection broke.");
            }
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => ProcessNext(message, pipeline);
    }

    /// <summary>Does something before a blob is written for the first time.</summary>
    private sealed class BeforeWriting(string blob, Func<Task> action) : HttpPipelinePolicy
    {
        public bool Done { get; private set; }

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            if (message.Request.Method == RequestMethod.Put && !Done && Uri.UnescapeDataString(message.Request.Uri.Path).EndsWith(blob, StringComparison.Ordinal))
            {
                Done = true;
                await action();
            }
            await ProcessNextAsync(message, pipeline);
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => ProcessNext(message, pipeline);
    }
}
