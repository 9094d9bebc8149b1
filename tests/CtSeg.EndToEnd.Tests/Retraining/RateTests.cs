using System.Text.Json;
using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.Local.Bench;
using CtSeg.TrainingRuns;

namespace CtSeg.EndToEnd.Tests.Retraining;

/// <summary>Slices go first: a retraining on the same cores takes what they leave. The figures stand in docs/performance.md, here is the bar.</summary>
[Collection(SerialCollection.Name)]
[Trait("Category", "Slow")]
public sealed class RateTests
{
    private const int UnderWay = 8;
    private const double LeastRate = 0.5;
    // A job that only says that it lives needs a tenth of it.
    private static readonly TimeSpan LeastTraining = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_SlicesThatKeepComing_When_AModelIsTrainedBesideThem_Then_TheyKeepHalfOfTheirRateAndNoneIsLost()
    {
        Assert.SkipWhen(Environment.ProcessorCount > 2, "With more than two cores a training takes nothing from the slices.");
        // With as many threads as it likes.
        await using var world = await DiscStack.StartAsync("weak", async models => [await DiscModels.CopyAsync(models, "weak", weak: true)], options => options with
        {
            Retrains = true, RetrainArguments = [.. options.RetrainArguments.TakeWhile(argument => argument != "--threads")],
        });
        await world.ImportAsync();
        using var uploads = world.Uploads(UnderWay);
        using var enough = new CancellationTokenSource();
        var uploading = uploads.RunAsync(Patience, enough.Token, Cancel);
        await RateAsync(uploads);

        var before = await RateAsync(uploads);
        var run = await StartAsync(world);
        var trained = ProcessCpu.Of(world.Stack.Local.Retraining.Current.Id);
        var beside = await RateAsync(uploads);
        trained = ProcessCpu.Of(world.Stack.Local.Retraining.Current.Id) - trained;
        (await world.RunAsync("training-runs", "cancel", run)).Code.ShouldBe(0);
        await EndedAsync(world, run);
        var after = await RateAsync(uploads);
        await enough.CancelAsync();
        await uploading;

        beside.ShouldBeGreaterThanOrEqualTo(LeastRate * (before + after) / 2);
        // What stands still costs nothing.
        trained.ShouldBeGreaterThan(LeastTraining);
        uploads.Open.ShouldBeEmpty();
        uploads.Ended.ShouldAllBe(slice => slice.Model == "weak");
    }

    /// <returns>Slices a second.</returns>
    private static async Task<double> RateAsync(SteadyUploads uploads)
    {
        var (ended, since) = (uploads.Ended.Count, TimeProvider.System.GetTimestamp());
        // No state to wait for: a rate needs a time.
        await Task.Delay(Window, TimeProvider.System, Cancel);
        return (uploads.Ended.Count - ended) / TimeProvider.System.GetElapsedTime(since).TotalSeconds;
    }

    private static async Task<string> StartAsync(DiscStack world)
    {
        // More epochs than there is time for.
        var (code, said) = await world.RunAsync("training-runs", "start", "--epochs", "10000", "--even-without-new-data", "--json");
        code.ShouldBe(0, said);
        var run = JsonSerializer.Deserialize<JsonElement>(said).GetProperty("id").GetString()!;
        await Eventually.HoldsAsync(
            async () => (await ReadAsync(world, run)).Progress is { Epoch: > 0 }, () => $"The run does not train; logs in {world.Stack.Local.LogFolder}", Patience);
        return run;
    }

    private static Task EndedAsync(DiscStack world, string run) => Eventually.HoldsAsync(
        async () => (await ReadAsync(world, run)).HasEnded, () => $"The run did not end; logs in {world.Stack.Local.LogFolder}", Patience);

    private static async Task<TrainingRunStatus> ReadAsync(DiscStack world, string run) =>
        (await new TrainingRunStore(world.Blobs, TimeProvider.System).FindAsync(run, Cancel)).ShouldNotBeNull().Run;
}
