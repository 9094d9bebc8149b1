using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.Imaging;
using CtSeg.Segmentation;
using CtSeg.Testing;
using CtSeg.TrainingRuns;

namespace CtSeg.EndToEnd.Tests.Retraining;

/// <summary>From a corrected mask to a better model, and what is left of it when it must be forgotten.</summary>
[Collection(SerialCollection.Name)]
public sealed class NightTests
{
    private const string Patient = "patient-1";
    private const int LiveSlices = 60;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(4);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Given_CorrectedMasks_When_TheModelIsRetrained_Then_ABetterOneServesAndForgettingFindsAllOfIt()
    {
        await using var world = await DiscStack.StartAsync(
            "weak", async models => [await DiscModels.CopyAsync(models, "weak", weak: true)], options => options with { Retrains = true });
        await world.ImportAsync();
        using var api = new HttpClient { BaseAddress = world.Stack.Local.Api };
        api.DefaultRequestHeaders.Add("x-functions-key", world.Stack.Local.FunctionKey);
        var scan = await CorrectAsync(world, $"{Patient}/slice.png");

        var run = await StartAsync(api, HttpStatusCode.Accepted);
        var same = await StartAsync(api, HttpStatusCode.OK);
        var ended = await EndOfAsync(world, run);

        same.ShouldBe(run);
        ended.State.ShouldBe(TrainingRunState.Promoted, ended.Reason);
        ended.Timeline.Select(step => step.State).ShouldBe([TrainingRunState.Requested, TrainingRunState.Training, TrainingRunState.Evaluating, TrainingRunState.Promoted]);
        (await world.CurrentAsync()).ShouldBe(run);
        // Without a restart.
        await Eventually.HoldsAsync(async () => await world.ModelOfNextSliceAsync($"next/{Guid.NewGuid():n}.png") == run, () => "The new model does not serve.");
        world.Stack.Local.Job.Restarts.ShouldBe(0);
        (await api.GetStringAsync("/api/models", Cancel)).ShouldContain(run);
        var report = (await world.Stack.ReadAsync(Containers.TrainingRuns, BlobPaths.TrainingReport(run))).ToString();
        report.ShouldContain("<svg");
        report.ShouldContain("data:image/png;base64,");
        report.ShouldNotContain(Patient);
        await SaysNothingIsNewAsync(world, api);
        await ForgetsAsync(world, scan, run);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Given_AScheduleAndNoData_When_ItsTimeComes_Then_ARunIsSkippedWithTheReason()
    {
        await using var world = await DiscStack.StartAsync(
            "good", async models => [await DiscModels.CopyAsync(models, "good")], options => options with
            {
                Retrains = true,
                Settings = new Dictionary<string, string>(options.Settings) { [Settings.RetrainingSchedule] = "*/3 * * * * *" },
            });
        var runs = new TrainingRunStore(world.Blobs, TimeProvider.System);

        var skipped = await Eventually.SeeAsync(
            async () => await runs.ListAsync(limit: null, Cancel).FirstOrDefaultAsync(run => run.Run?.HasEnded == true, Cancel),
            () => $"No run ended; logs in {world.Stack.Local.LogFolder}");

        var run = skipped.Run.ShouldNotBeNull();
        (run.State, run.Request.By).ShouldBe((TrainingRunState.Skipped, "schedule"));
        run.Reason.ShouldNotBeNull().ShouldContain("no slices to train on");
        (await world.CurrentAsync()).ShouldBe("good");
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Given_AShadowAskedFor_When_SlicesCome_Then_TheDecisionHasWhatItSaw()
    {
        await using var world = await DiscStack.StartAsync(
            "weak", async models => [await DiscModels.CopyAsync(models, "weak", weak: true)], options => options with { Retrains = true });
        await world.ImportAsync();
        var (code, said) = await world.RunAsync(
            "training-runs", "start", "--epochs", "40", "--even-without-new-data", "--shadow-share", "1", "--shadow-slices", "4", "--max-disagreement", "1", "--json");
        code.ShouldBe(0, said);
        var run = JsonSerializer.Deserialize<JsonElement>(said).GetProperty("id").GetString()!;
        await Eventually.HoldsAsync(
            async () => (await ReadAsync(world, run)).State == TrainingRunState.Shadowing, () => $"The run never came to its shadow; logs in {world.Stack.Local.LogFolder}", Deadline);
        (await world.CurrentAsync()).ShouldBe("weak");

        // More than it must see: the job takes the shadow up some seconds after it began.
        for (var slice = 0; slice < LiveSlices && !(await ReadAsync(world, run)).HasEnded; slice++)
            await world.ModelOfNextSliceAsync($"live/{slice}.png");

        var ended = await EndOfAsync(world, run);
        ended.State.ShouldBe(TrainingRunState.Promoted, ended.Reason);
        var seen = (await world.Models.FindDecisionAsync(run, Cancel)).ShouldNotBeNull().Shadow.ShouldNotBeNull();
        seen.Slices.ShouldBeGreaterThanOrEqualTo(4);
        seen.Failed.ShouldBe(0);
        seen.Classes.Count.ShouldBe(3);
        (await world.Stack.Container(Containers.Models).GetBlobClient(BlobPaths.ShadowModel).ExistsAsync(Cancel)).Value.ShouldBeFalse();
    }

    /// <returns>The scan whose mask a radiologist has drawn.</returns>
    private static async Task<ScanId> CorrectAsync(DiscStack world, string name)
    {
        var (image, mask) = DiscSlice.Draw(new Random(1234));
        await world.Stack.UploadAsync(name, new BinaryData(PngWriter.Grey(image)));
        var scan = (await world.Stack.EndOfAsync(name)).ScanId;
        await world.Stack.Container(Containers.Corrections).GetBlobClient(BlobPaths.Correction(scan)).UploadAsync(new BinaryData(MaskPng.Write(mask)), overwrite: true, Cancel);
        var slice = await Eventually.SeeAsync(
            () => new DataSetStore(world.Blobs, TimeProvider.System).FindAsync(scan, Cancel), () => $"The correction did not join the training data; logs in {world.Stack.Local.LogFolder}");
        (slice.Origin.Kind, slice.Group).ShouldBe((SliceOrigins.Correction, Patient));
        return scan;
    }

    private static async Task<string> StartAsync(HttpClient api, HttpStatusCode expected)
    {
        using var answer = await api.PostAsJsonAsync("/api/training-runs", new { epochs = 40 }, Cancel);
        answer.StatusCode.ShouldBe(expected);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("id").GetString()!;
    }

    private static async Task SaysNothingIsNewAsync(DiscStack world, HttpClient api)
    {
        var again = await EndOfAsync(world, await StartAsync(api, HttpStatusCode.Accepted));
        again.State.ShouldBe(TrainingRunState.Skipped, again.Reason);
        again.Reason.ShouldNotBeNull().ShouldContain("nothing new to learn");
        var status = JsonSerializer.Deserialize<JsonElement>(await api.GetStringAsync($"/api/training-runs/{again.Id}", Cancel));
        status.GetProperty("state").GetString().ShouldBe("skipped");
        (await api.GetStringAsync("/api/training-runs", Cancel)).ShouldContain(again.Id);
    }

    private static async Task ForgetsAsync(DiscStack world, ScanId scan, string model)
    {
        var (code, said) = await world.RunAsync("data", "forget", "--group", Patient, "--yes");
        code.ShouldBe(0, said);
        said.ShouldContain(model);
        foreach (var container in Containers.All.Where(container => container != Containers.Audit))
            await foreach (var blob in world.Stack.Container(container).GetBlobsAsync(cancellationToken: Cancel))
                blob.Name.ShouldNotContain(scan.ToString(), customMessage: container);
        (await world.Stack.Container(Containers.Slices).GetBlobClient($"{Patient}/slice.png").ExistsAsync(Cancel)).Value.ShouldBeFalse();
        (await world.Models.HoldsErasedDataAsync(model, Cancel)).ShouldBeTrue();
        (await world.Models.HoldsErasedDataAsync("weak", Cancel)).ShouldBeFalse();
    }

    private static async Task<TrainingRunStatus> ReadAsync(DiscStack world, string run) =>
        (await new TrainingRunStore(world.Blobs, TimeProvider.System).FindAsync(run, Cancel)).ShouldNotBeNull().Run;

    private static Task<TrainingRunStatus> EndOfAsync(DiscStack world, string run) => Eventually.SeeAsync(
        async () => await ReadAsync(world, run) is { HasEnded: true } ended ? ended : null, () => $"The run did not end; logs in {world.Stack.Local.LogFolder}", Deadline);
}
