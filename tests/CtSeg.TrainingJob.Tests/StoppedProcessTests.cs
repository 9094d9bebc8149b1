using System.Diagnostics;
using CtSeg.Imaging;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests;

/// <summary>Verbs in processes of their own, which get the signal that Ctrl-C and a system that shuts down send.</summary>
[Collection(TorchCollection.Name)]
public sealed class StoppedProcessTests : IDisposable
{
    // More epochs than anyone waits for.
    private const string Recipe = """
        {"epochs":100000,"batchSize":3,"inputSize":32,"inputCheckSteps":2,"scoreEvery":0,
         "configuration":{"baseChannels":4,"headChannels":4,"attentionLevels":[3],"inputSide":32}}
        """;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Given_ATraining_When_ItIsToEnd_Then_ItSaysHowToGoOnAndDoesSo()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs signals.");
        CommandCalls.Write(_folder, Recipe);
        using (var job = Train())
        {
            await job.SeesAsync("epoch 1/100000");
            await job.TerminateAsync();
            var (exitCode, _, errors) = await job.EndsAnyhowAsync();
            exitCode.ShouldBe(1, errors);
            errors.ShouldEndWith("Stopped; the same command with --resume goes on from the last whole epoch." + Environment.NewLine);
            errors.ShouldNotContain("Exception");
        }
        TrainingCheckpoint.Load(Path.Combine(_folder["out"], TrainingCheckpoint.FileName)).History.Epochs.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Given_AStepThatDoesNotEnd_When_TheSecondSignalComes_Then_TheProcessEndsByItWithoutATrace()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs signals, and a pipe in the file system.");
        CommandCalls.Write(_folder, Recipe);
        using var watcher = new FileSystemWatcher(Directory.CreateDirectory(_folder["out"]).FullName, TrainingCheckpoint.FileName);
        var saved = new TaskCompletionSource();
        watcher.Renamed += (_, _) => saved.TrySetResult();
        watcher.EnableRaisingEvents = true;
        // Whoever opens a pipe to write waits for a reader: the training cannot get past its first checkpoint.
        using (var make = Process.Start("mkfifo", Path.Combine(_folder["out"], "training.json.tmp")))
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        using var job = Train();
        await saved.Task.WaitAsync(TimeSpan.FromMinutes(5), TimeProvider.System, TestContext.Current.CancellationToken);

        await job.TerminateAsync();
        await job.SaysAsync("Stopping; a second signal");
        await job.TerminateAsync();

        var (exitCode, _, errors) = await job.EndsAnyhowAsync();
        exitCode.ShouldBe(143, errors);
        errors.ShouldNotContain("Exception");
    }

    [Fact]
    public async Task Given_APrediction_When_ItIsToEnd_Then_TheSliceAtHandIsTheLastAndWhatIsDoneStays()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs signals, and a pipe in the file system.");
        var slices = Directory.CreateDirectory(_folder["slices"]).FullName;
        foreach (var name in new[] { "1.png", "3.png" })
            await File.WriteAllBytesAsync(Path.Combine(slices, name), PngWriter.Grey(new GreyImage(64, 64, new byte[64 * 64])), TestContext.Current.CancellationToken);
        using (var make = Process.Start("mkfifo", Path.Combine(slices, "2.png")))
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        using var job = new JobProcess("predict", slices, "--out", _folder["out"], "--threads", "1", "--device", "cpu");
        await job.SeesAsync("1.png: ");
        // Whoever opens a pipe to write waits for a reader: from here on the second slice is at hand, and not before.
        await using var second = await Task.Run(() => new FileStream(Path.Combine(slices, "2.png"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite), TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromMinutes(5), TimeProvider.System, TestContext.Current.CancellationToken);

        await job.TerminateAsync();
        await job.SaysAsync("Stopping; a second signal");
        await second.WriteAsync("no picture"u8.ToArray(), TestContext.Current.CancellationToken);
        await second.DisposeAsync();

        var (exitCode, _, errors) = await job.EndsAnyhowAsync();
        exitCode.ShouldBe(1, errors);
        errors.ShouldEndWith("Stopped; what is in OUT stays. The same command begins anew." + Environment.NewLine);
        errors.ShouldNotContain("Exception");
        Directory.GetDirectories(_folder["out"]).Select(result => Path.GetFileName(result)).ShouldBe(["1.png"]);
    }

    public void Dispose() => _folder.Dispose();

    private JobProcess Train() => new("train", "--data", _folder.Path, "--out", _folder["out"], "--recipe", _folder["r.json"], "--threads", "1", "--device", "cpu");
}
