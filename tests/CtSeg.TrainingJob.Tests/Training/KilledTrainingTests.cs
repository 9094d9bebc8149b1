using System.Diagnostics;
using System.Text.Json;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests.Training;

/// <summary>Trainings in processes of their own, which are killed and gone on with as a user would.</summary>
[Trait("Category", "Slow")]
[Collection(TorchCollection.Name)]
public sealed class KilledTrainingTests : IDisposable
{
    // Epochs of some tenths of a second: long enough to be killed in.
    private const string Recipe = """
        {"epochs":3,"batchSize":1,"inputSize":160,"inputCheckSteps":2,
         "configuration":{"baseChannels":8,"headChannels":4,"attentionLevels":[2,3],"inputSide":160},
         "variation":{"minZoom":0.7,"maxZoom":1.4,"gamma":1.3,"noise":0.06,"deformation":0.015,"consolidations":0.5,"effusions":0.5}}
        """;

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);
    private readonly TemporaryFolder _folder = new();
    private string _threads = "1";

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    public async Task Given_ATrainingKilledInMidEpoch_When_Resumed_Then_ItsWeightsAreThoseOfAnUndisturbedOne(string threads)
    {
        CommandCalls.Write(_folder, Recipe);
        _threads = threads;
        using (var job = Train("killed"))
        {
            await job.SeesAsync("epoch 1/3");
            job.Kill();
        }
        EpochsOf(TrainingCheckpoint.Load(Path.Combine(_folder["killed"], TrainingCheckpoint.FileName)).History).ShouldBe([1]);
        File.Exists(Path.Combine(_folder["killed"], ModelFolder.ManifestName)).ShouldBeFalse();

        using var resumed = Train("killed", "--resume");
        (await resumed.EndsAsync()).ShouldContain("going on after epoch 1" + Environment.NewLine);

        await ShouldBeAsUndisturbedAsync();
    }

    [Fact]
    public async Task Given_ATrainingKilledBetweenItsLastCheckpointAndItsHistory_When_Resumed_Then_TheHistoryTheCurvesAndTheWeightsAreWhole()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a pipe in the file system.");
        CommandCalls.Write(_folder, Recipe.Replace("\"epochs\":3", "\"epochs\":1", StringComparison.Ordinal));
        var (killed, history) = (Directory.CreateDirectory(_folder["killed"]).FullName, Path.Combine(_folder["killed"], "training.json"));
        using var watcher = new FileSystemWatcher(killed, TrainingCheckpoint.FileName);
        var saved = new TaskCompletionSource();
        watcher.Created += (_, _) => saved.TrySetResult();
        watcher.Renamed += (_, _) => saved.TrySetResult();
        watcher.EnableRaisingEvents = true;
        // Whoever opens a pipe to write waits for a reader: the training cannot get past its checkpoint.
        var pipe = history + ".tmp";
        using (var make = Process.Start("mkfifo", pipe))
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        using (var job = Train("killed"))
        {
            await saved.Task.WaitAsync(Deadline, TimeProvider.System, TestContext.Current.CancellationToken);
            job.Kill();
        }
        File.Delete(pipe);
        File.Exists(history).ShouldBeFalse();

        using var resumed = Train("killed", "--resume");
        (await resumed.EndsAsync()).ShouldContain("going on after epoch 1" + Environment.NewLine);

        File.Exists(Path.Combine(killed, "curves.png")).ShouldBeTrue();
        EpochsOf(JsonSerializer.Deserialize(await File.ReadAllBytesAsync(history, TestContext.Current.CancellationToken), TrainingJson.Default.TrainingHistory)!).ShouldBe([1]);
        await ShouldBeAsUndisturbedAsync();
    }

    public void Dispose() => _folder.Dispose();

    private JobProcess Train(string name, params string[] further) =>
        new(["train", "--data", _folder.Path, "--out", _folder[name], "--recipe", _folder["r.json"], "--threads", _threads, "--device", "cpu", .. further]);

    private async Task ShouldBeAsUndisturbedAsync()
    {
        using (var job = Train("whole"))
            await job.EndsAsync();
        (await WeightsAsync("killed")).ShouldBe(await WeightsAsync("whole"));
    }

    private Task<byte[]> WeightsAsync(string name) =>
        File.ReadAllBytesAsync(Path.Combine(_folder[name], ModelFolder.WeightsName), TestContext.Current.CancellationToken);

    private static IEnumerable<int> EpochsOf(TrainingHistory history) => history.Epochs.Select(epoch => epoch.Epoch);
}
