using System.Diagnostics;

namespace CtSeg.TrainingJob.Tests.CrossValidation;

/// <summary>A cross-validation in a process of its own, which is killed and called again as a user would.</summary>
[Collection(TorchCollection.Name)]
public sealed class KilledCrossValidationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Given_ACrossValidationKilledInItsSecondFold_When_CalledAgain_Then_OnlyThatOneIsTrained()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a pipe in the file system.");
        CommandCalls.Write(_folder);
        var folds = Directory.CreateDirectory(Path.Combine(_folder["cv"], "m-augmented-seed1")).FullName;
        // Whoever opens a pipe to write waits for a reader: the second fold cannot get past its first checkpoint.
        var pipe = Path.Combine(folds, "fold2.safetensors.tmp");
        using (var make = Process.Start("mkfifo", pipe))
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        using (var job = CrossValidate())
        {
            await job.SeesAsync("m-augmented-seed1 fold 2/2");
            job.Kill();
        }
        File.Delete(pipe);
        var (first, tables) = (Path.Combine(folds, "fold1.json"), Path.Combine(_folder["cv"], "tables.md"));
        var finished = await File.ReadAllBytesAsync(first, TestContext.Current.CancellationToken);
        File.Exists(tables).ShouldBeFalse();

        using var again = CrossValidate();
        var output = await again.EndsAsync();

        output.ShouldNotContain("fold 1/2");
        output.ShouldContain("m-augmented-seed1 fold 2/2");
        (await File.ReadAllBytesAsync(first, TestContext.Current.CancellationToken)).ShouldBe(finished);
        File.Exists(tables).ShouldBeTrue();
        Directory.GetFiles(folds, "*.lock").ShouldBeEmpty();
    }

    public void Dispose() => _folder.Dispose();

    private JobProcess CrossValidate() => new(
        "cross-validate", "--data", _folder.Path, "--out", _folder["cv"], "--folds", "2", "--archs", "m", "--augment", "on", "--recipe", _folder["r.json"], "--threads", "1", "--device", "cpu");
}
