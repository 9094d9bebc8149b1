using System.Net;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Imaging;
using CtSeg.Recovery;
using CtSeg.Segmentation;
using CtSeg.Testing;

namespace CtSeg.Functions.Tests;

public sealed class AcceptCorrectionTests(AzuriteFixture azurite)
{
    private const string Name = "case1/slice-001.png";
    private const int Width = 64, Height = 48;
    private static readonly byte[] Slice = Handler.Png(Width, Height);

    public static TheoryData<string, string> Groups => new()
    {
        { "case1/slice-001.png", "case1" },
        { "hospital/case1/slice-001.png", "hospital/case1" },
        { "slice-001.png", "" },
    };

    [Theory]
    [MemberData(nameof(Groups))]
    public async Task Given_CompletedScan_When_Corrected_Then_JoinsTheDataWithItsProvenance(string blobName, string group)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var scan = await CompleteAsync(handler, blobName);

        (await CorrectAsync(handler, scan, Mask(1), new() { ["Corrected_By"] = "Dr. A" })).ShouldSendNothing();

        var slice = await FindAsync(handler, scan);
        slice.Group.ShouldBe(group.Length > 0 ? group : scan.ToString());
        slice.Origin.ShouldBe(new SliceOrigin("correction", handler.Now) { BlobName = blobName, ModelVersion = "v7", CorrectedBy = "Dr. A" });
        slice.ClassPixels.ShouldBe([(Width * Height) - 10, 10, 0, 0]);
        var data = new DataSetStore(handler.Storage, handler.Clock);
        (await data.ReadImageAsync(slice.ImageSha256, Handler.Stop)).ToArray().ShouldBe(Slice);
        MaskPng.Read((await data.ReadMaskAsync(slice.MaskSha256, Handler.Stop)).ToMemory()).Labels.ShouldBe(Labels(1));
        var outcome = await OutcomeAsync(handler, scan);
        (outcome.GetProperty("state").GetString(), outcome.GetProperty("scanId").GetString()).ShouldBe(("accepted", scan.ToString()));
        outcome.TryGetProperty("refusal", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Given_GroupInTheMetadataOfTheSlice_When_Corrected_Then_ThatCounts()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var scan = await CompleteAsync(handler, Name, new() { ["group"] = "patient 7" });
        await CorrectAsync(handler, scan, Mask(1));
        (await FindAsync(handler, scan)).Group.ShouldBe("patient 7");
    }

    [Fact]
    public async Task Given_GreyMask_When_Corrected_Then_ValuesAreClasses()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var scan = await CompleteAsync(handler);
        await CorrectAsync(handler, scan, PngWriter.Grey(new GreyImage(Width, Height, Labels(3))));
        (await FindAsync(handler, scan)).ClassPixels[3].ShouldBe(10);
    }

    [Fact]
    public async Task Given_SameCorrectionAgain_When_Invoked_Then_NothingIsWritten()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var scan = await CompleteAsync(handler);
        await CorrectAsync(handler, scan, Mask(1));
        var before = await TagsAsync(handler);
        handler.Clock.Advance(TimeSpan.FromHours(1));

        await CorrectAsync(handler, scan, Mask(1));
        (await InvokeAsync(handler, scan, Mask(1))).ShouldSendNothing();

        (await TagsAsync(handler)).ShouldBe(before);
    }

    [Fact]
    public async Task Given_NewerCorrection_When_TheOlderIsTriedAgain_Then_TheNewerStays()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var scan = await CompleteAsync(handler);
        await CorrectAsync(handler, scan, Mask(1));
        var first = await FindAsync(handler, scan);
        await CorrectAsync(handler, scan, Mask(2));

        (await InvokeAsync(handler, scan, Mask(1))).ShouldSendNothing();

        var slice = await FindAsync(handler, scan);
        slice.ClassPixels[2].ShouldBe(10);
        slice.EarlierMasks.ShouldBe([first.MaskSha256]);
        (await OutcomeAsync(handler, scan)).GetProperty("sha256").GetString().ShouldBe(ContentHash.Of(Mask(2)));
    }

    [Fact]
    public async Task Given_ManyAtOnce_When_Invoked_Then_TheNewestUploadWins()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var scan = await CompleteAsync(handler);
        var running = new List<Task<Reply>>();
        for (var lesion = 1; lesion <= 3; lesion++)
        {
            await UploadAsync(handler, scan, Mask((byte)lesion), null);
            running.AddRange(Enumerable.Range(0, 3).Select(_ => InvokeAsync(handler, scan, Mask((byte)lesion))));
        }

        foreach (var reply in await Task.WhenAll(running))
            reply.ShouldBeDone();

        (await FindAsync(handler, scan)).ClassPixels[3].ShouldBe(10);
        (await OutcomeAsync(handler, scan)).GetProperty("sha256").GetString().ShouldBe(ContentHash.Of(Mask(3)));
    }

    public static TheoryData<string, string> Refused => new()
    {
        { "empty", "empty" },
        { "text", "unreadable" },
        { "truncated", "unreadable" },
        { "rgb", "unreadable" },
        { "small", "wrong-size" },
        { "value 4", "wrong-classes" },
        { "renumbered", "wrong-classes" },
        { "background", "no-lesion" },
        { "large", "too-large" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Given_UnusableMask_When_Corrected_Then_RefusedWithReasonAndNothingJoins(string kind, string reason)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync(), ("MaxUploadBytes", "20000"));
        var scan = await CompleteAsync(handler);
        byte[] mask = kind switch
        {
            "empty" => [],
            "text" => "no picture"u8.ToArray(),
            "truncated" => Mask(1)[..^20],
            "rgb" => PngWriter.Rgb(new RgbImage(Width, Height, new byte[3 * Width * Height])),
            "small" => MaskPng.Write(new LesionMask(Width / 2, Height / 2, new byte[Width * Height / 4])),
            "value 4" => PngWriter.Grey(new GreyImage(Width, Height, Labels(4))),
            "renumbered" => PngWriter.Palette(Width, Height, Labels(1), [0, 0, 0, .. LesionClasses.Palette[6..9], .. LesionClasses.Palette[3..6]], []),
            "background" => Mask(0),
            _ => new byte[20_001],
        };

        (await CorrectAsync(handler, scan, mask)).ShouldSendNothing();

        var outcome = await OutcomeAsync(handler, scan);
        outcome.GetProperty("state").GetString().ShouldBe("refused");
        var refusal = outcome.GetProperty("refusal");
        refusal.GetProperty("reason").GetString().ShouldBe(reason);
        refusal.GetProperty("message").GetString()!.ShouldEndWith(".");
        refusal.GetProperty("action").GetString()!.ShouldEndWith(".");
        (await new DataSetStore(handler.Storage, handler.Clock).FindAsync(scan, Handler.Stop)).ShouldBeNull();
    }

    [Fact]
    public async Task Given_NoLesionOnPurpose_When_Corrected_Then_Accepted()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var scan = await CompleteAsync(handler);
        await CorrectAsync(handler, scan, Mask(0));
        await CorrectAsync(handler, scan, Mask(0), new() { ["confirm_no_lesion"] = "true" });
        (await OutcomeAsync(handler, scan)).GetProperty("state").GetString().ShouldBe("accepted");
        (await FindAsync(handler, scan)).ClassPixels[0].ShouldBe(Width * Height);
    }

    [Fact]
    public async Task Given_RefusedAfterAccepted_When_Read_Then_TheEarlierMaskStaysInTheData()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var scan = await CompleteAsync(handler);
        await CorrectAsync(handler, scan, Mask(1));
        await CorrectAsync(handler, scan, []);
        (await OutcomeAsync(handler, scan)).GetProperty("state").GetString().ShouldBe("refused");
        (await FindAsync(handler, scan)).ClassPixels[1].ShouldBe(10);
    }

    [Theory]
    [InlineData("unknown", "unknown-scan")]
    [InlineData("received", "scan-not-completed")]
    [InlineData("preprocessed", "scan-not-completed")]
    [InlineData("failed", "scan-not-completed")]
    [InlineData("deleted", "unknown-scan")]
    [InlineData("replaced", "unknown-scan")]
    public async Task Given_ScanWithoutResultOrUpload_When_Corrected_Then_Refused(string state, string reason)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var scan = ScanId.FromContent(Name, Slice);
        switch (state)
        {
            case "received":
                await handler.LeaveAsync(ScanStatus.Received(scan, Name, handler.Now));
                break;
            case "preprocessed":
                (await handler.PreprocessAsync(Name, Slice)).ShouldBeDone();
                break;
            case "failed":
                await handler.LeaveAsync(ScanStatus.Received(scan, Name, handler.Now).Failed(new ScanFailure(FailureReason.Corrupt, "No.", "Yes."), handler.Now));
                break;
            case "deleted":
                await CompleteAsync(handler);
                await handler.Blobs.Upload(Name).DeleteAsync(cancellationToken: Handler.Stop);
                break;
            case "replaced":
                await CompleteAsync(handler);
                await handler.Blobs.Upload(Name).UploadAsync(new BinaryData(Handler.Png(Width, Height, 7)), overwrite: true, Handler.Stop);
                break;
            default:
                break;
        }

        (await CorrectAsync(handler, scan, Mask(1))).ShouldSendNothing();

        (await OutcomeAsync(handler, scan)).GetProperty("refusal").GetProperty("reason").GetString().ShouldBe(reason);
    }

    [Theory]
    [InlineData("slice-001.png")]
    [InlineData("0011223344556677.tif")]
    [InlineData("case1/0011223344556677.png")]
    [InlineData("001122334455667A.png")]
    public async Task Given_OtherName_When_Uploaded_Then_DoneWithoutARecord(string name)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        (await handler.PostAsync("AcceptCorrection", Handler.BlobBody(name, Mask(1), "mask"))).ShouldSendNothing();
        (await TagsAsync(handler)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_CorrectionIsGone_When_Invoked_Then_DoneWithoutARecord()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var scan = await CompleteAsync(handler);
        (await InvokeAsync(handler, scan, Mask(1))).ShouldSendNothing();
        (await TagsAsync(handler)).ShouldBeEmpty();
        (await handler.GetAsync($"/api/corrections/{scan}")).ShouldBeProblem(HttpStatusCode.NotFound);
        (await handler.GetAsync("/api/corrections/x")).ShouldBeProblem(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData(Containers.Results)]
    [InlineData(Containers.Preprocessed)]
    public async Task Given_BrokenDocumentOfOurs_When_Corrected_Then_FailsAndIsTriedAgain(string container)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var scan = await CompleteAsync(handler);
        await handler.BreakAsync(container, container == Containers.Results ? BlobPaths.Metrics(scan) : BlobPaths.Manifest(scan));
        (await CorrectAsync(handler, scan, Mask(1))).ShouldHaveFailed(HttpStatusCode.InternalServerError);
        (await TagsAsync(handler)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_BrokenOutcome_When_CorrectedAgain_Then_Replaced()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var scan = await CompleteAsync(handler);
        await handler.BreakAsync(Containers.TrainingData, BlobPaths.CorrectionOutcome(scan));
        (await handler.GetAsync($"/api/corrections/{scan}")).ShouldBeProblem(HttpStatusCode.InternalServerError);
        await CorrectAsync(handler, scan, Mask(1));
        (await OutcomeAsync(handler, scan)).GetProperty("state").GetString().ShouldBe("accepted");
    }

    [Fact]
    public async Task Given_PoisonedCorrection_When_Recorded_Then_OurFaultAndNoScanFails()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var scan = await CompleteAsync(handler);
        var etag = await UploadAsync(handler, scan, Mask(1), null);
        var status = await handler.StatusOfAsync(scan);

        (await PoisonAsync(handler, scan, etag)).ShouldSendNothing();

        var refusal = (await OutcomeAsync(handler, scan)).GetProperty("refusal");
        refusal.GetProperty("reason").GetString().ShouldBe("poisoned");
        (await handler.StatusOfAsync(scan)).State.ShouldBe(status.State);
        var letter = (await LettersAsync(handler)).ShouldHaveSingleItem();
        (letter.Name, letter.Reason, letter.Description).ShouldBe(($"{scan}-correction", "poisoned AcceptCorrection", null));
        await CorrectAsync(handler, scan, Mask(1));
        (await OutcomeAsync(handler, scan)).GetProperty("state").GetString().ShouldBe("accepted");
        (await LettersAsync(handler)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_ARecorderThatWasKilledBeforeItArchived_When_ThePoisonComesAgain_Then_TheLetterIsThere()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var scan = await CompleteAsync(handler);
        var etag = await UploadAsync(handler, scan, Mask(1), null);
        await PoisonAsync(handler, scan, etag);
        var letters = new LetterArchive(handler.Storage.GetBlobContainerClient(Containers.Audit));
        await letters.RemoveAsync($"{scan}-correction", Handler.Stop);

        (await PoisonAsync(handler, scan, etag)).ShouldSendNothing();

        (await LettersAsync(handler)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Given_PoisonOfAnOlderUploadOrAJudgedOne_When_Recorded_Then_Left()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var scan = await CompleteAsync(handler);
        var older = await UploadAsync(handler, scan, Mask(2), null);
        var newer = await UploadAsync(handler, scan, Mask(1), null);
        (await PoisonAsync(handler, scan, older)).ShouldSendNothing();
        (await TagsAsync(handler)).ShouldBeEmpty();
        await InvokeAsync(handler, scan, Mask(1));
        (await PoisonAsync(handler, scan, newer)).ShouldSendNothing();
        (await OutcomeAsync(handler, scan)).GetProperty("state").GetString().ShouldBe("accepted");
        (await LettersAsync(handler)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_PoisonAboveTheCap_When_Recorded_Then_TooLarge()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync(), ("MaxUploadBytes", "20000"));
        var scan = await CompleteAsync(handler);
        var etag = await UploadAsync(handler, scan, new byte[20_001], null);
        (await PoisonAsync(handler, scan, etag)).ShouldSendNothing();
        (await OutcomeAsync(handler, scan)).GetProperty("refusal").GetProperty("message").GetString()
            .ShouldBe("The file has 20001 bytes, more than the 20000 that are allowed.");
    }

    private static byte[] Labels(byte lesion)
    {
        var labels = new byte[Width * Height];
        labels.AsSpan(100, 10).Fill(lesion);
        return labels;
    }

    private static byte[] Mask(byte lesion) => MaskPng.Write(new LesionMask(Width, Height, Labels(lesion)));

    /// <summary>A scan as the pipeline leaves it.</summary>
    private static async Task<ScanId> CompleteAsync(Handler handler, string blobName = Name, Dictionary<string, string>? metadata = null)
    {
        await handler.Blobs.Upload(blobName).UploadAsync(new BinaryData(Slice), new BlobUploadOptions { Metadata = metadata }, Handler.Stop);
        (await handler.PreprocessAsync(blobName, Slice)).ShouldBeDone();
        var scan = ScanId.FromContent(blobName, Slice);
        var metrics = Samples.Metrics(scan, 1) with { BlobName = blobName, Width = Width, Height = Height };
        (await handler.Blobs.TryStoreResultAsync(metrics, new BinaryData(Mask(0)), new BinaryData(Mask(0)), Handler.Stop)).ShouldBeTrue();
        return scan;
    }

    private static async Task<Reply> CorrectAsync(Handler handler, ScanId scan, byte[] mask, Dictionary<string, string>? metadata = null)
    {
        await UploadAsync(handler, scan, mask, metadata);
        return await InvokeAsync(handler, scan, mask);
    }

    private static async Task<string> UploadAsync(Handler handler, ScanId scan, byte[] mask, Dictionary<string, string>? metadata) =>
        (await handler.Storage.GetBlobContainerClient(Containers.Corrections).GetBlobClient(BlobPaths.Correction(scan))
            .UploadAsync(new BinaryData(mask), new BlobUploadOptions { Metadata = metadata }, Handler.Stop)).Value.ETag.ToString();

    private static Task<Reply> InvokeAsync(Handler handler, ScanId scan, byte[] mask) =>
        handler.PostAsync("AcceptCorrection", Handler.BlobBody(BlobPaths.Correction(scan), mask, "mask"));

    private static Task<Reply> PoisonAsync(Handler handler, ScanId scan, string etag) =>
        handler.PostAsync("RecordPoisonedSlice", Samples.MessageBody("message", JsonSerializer.Serialize(new
        {
            FunctionId = "Host.Functions.AcceptCorrection",
            BlobType = "BlockBlob",
            ContainerName = "corrections",
            BlobName = BlobPaths.Correction(scan),
            ETag = etag,
        })));

    private static async Task<List<ArchivedLetter>> LettersAsync(Handler handler)
    {
        List<ArchivedLetter> letters = [];
        await foreach (var letter in new LetterArchive(handler.Storage.GetBlobContainerClient(Containers.Audit)).ListAsync(Handler.Stop))
            letters.Add(letter);
        return letters;
    }

    private static async Task<TrainingSlice> FindAsync(Handler handler, ScanId scan) =>
        (await new DataSetStore(handler.Storage, handler.Clock).FindAsync(scan, Handler.Stop)).ShouldNotBeNull();

    private static async Task<JsonElement> OutcomeAsync(Handler handler, ScanId scan) =>
        (await handler.GetAsync($"/api/corrections/{scan}")).ShouldBeJson();

    private static async Task<Dictionary<string, ETag?>> TagsAsync(Handler handler)
    {
        var tags = new Dictionary<string, ETag?>();
        await foreach (var blob in handler.Storage.GetBlobContainerClient(Containers.TrainingData).GetBlobsAsync(cancellationToken: Handler.Stop))
            tags[blob.Name] = blob.Properties.ETag;
        return tags;
    }
}
