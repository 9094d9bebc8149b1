using System.CommandLine;
using System.Text.Json;
using CtSeg.Imaging;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.CrossValidation;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Robustness;
using CtSeg.TrainingJob.Tests.Training;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests;

/// <summary>The verbs as they are typed, on a folder of discs.</summary>
[Collection(TorchCollection.Name)]
public sealed class CommandTests
{
    private const string Recipe = """
        {"epochs":1,"batchSize":3,"inputSize":32,"inputCheckSteps":2,
         "configuration":{"baseChannels":4,"headChannels":4,"attentionLevels":[3],"inputSide":32}}
        """;

    [Fact]
    public void Given_ADataFolder_When_TrainedThenEvaluatedAndDisturbed_Then_EveryFileIsWritten()
    {
        using var folder = new TemporaryFolder();
        var data = Write(folder);
        Run(TrainCommand.Create(), "--data", data, "--out", folder["model"], "--recipe", folder["r.json"]).ShouldBe(0);

        Run(EvaluateCommand.Create(), "--data", data, "--model", folder["model"], "--held-out", "--json", folder["e.json"], "--overlays", folder["pictures"]).ShouldBe(0);
        Run(EvaluateCommand.Create(), "--data", data, "--model", folder["model"], "--fitted").ShouldBe(0);
        Run(EvaluateCommand.Create(), "--data", data, "--model", folder["model"], "--fitted", "--held-out").ShouldNotBe(0);
        using var report = JsonDocument.Parse(File.ReadAllBytes(folder["e.json"]));
        var heldOut = report.RootElement.GetProperty("scores").GetProperty("heldOutSlices").GetInt32();
        heldOut.ShouldBeInRange(1, 5);
        report.RootElement.GetProperty("slicesOfTraining").GetInt32().ShouldBe(0);
        Directory.GetFiles(folder["pictures"], "*.png").Length.ShouldBe(heldOut);

        Run(RobustnessCommand.Create(), "--data", data, "--model", folder["model"], "--held-out", "--out", folder["robust"]).ShouldBe(0);
        using var disturbed = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder["robust"], "robustness.json")));
        disturbed.RootElement.GetProperty("slices").GetInt32().ShouldBe(heldOut);
        disturbed.RootElement.GetProperty("disturbances")[0].GetProperty("warned").ValueKind.ShouldBe(JsonValueKind.Number);
        File.ReadAllText(Path.Combine(folder["robust"], "robustness.md")).ShouldContain("scale 1.25");
    }

    [Fact]
    public void Given_ADataFolder_When_CrossValidated_Then_TablesAndModelsOfFoldsAreWrittenAndCanBePooled()
    {
        using var folder = new TemporaryFolder();
        var data = Write(folder);
        string[] arguments = ["--data", data, "--out", folder["cv"], "--folds", "2", "--archs", "m", "unet", "--augment", "on", "--recipe", folder["r.json"]];
        Run(CrossValidateCommand.Create(), [.. arguments, "--only-folds", "1"]).ShouldBe(0);
        File.Exists(Path.Combine(folder["cv"], "tables.md")).ShouldBeFalse();
        Run(CrossValidateCommand.Create(), arguments).ShouldBe(0);
        using var tables = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder["cv"], "tables.json")));
        tables.RootElement.GetProperty("networks").GetArrayLength().ShouldBe(2);
        tables.RootElement.GetProperty("differences").GetArrayLength().ShouldBe(1);
        File.ReadAllText(Path.Combine(folder["cv"], "tables.md")).ShouldContain("cross-validate --data");

        string Fold(int number) => Path.Combine(folder["cv"], "m-augmented-seed1", $"fold{number}");
        Run(EvaluateCommand.Create(), "--data", data, "--model", Fold(1), Fold(2), "--held-out", "--json", folder["e.json"]).ShouldBe(0);
        using var report = JsonDocument.Parse(File.ReadAllBytes(folder["e.json"]));
        report.RootElement.GetProperty("scores").GetProperty("heldOutSlices").GetInt32().ShouldBe(6);
        report.RootElement.GetProperty("models").GetArrayLength().ShouldBe(2);
    }

    [Fact]
    public void Given_FoldsOfTheSameRecipe_When_AModelIsTrainedOnAllSlices_Then_ItGetsTheirScores()
    {
        using var folder = new TemporaryFolder();
        var data = Write(folder);
        Run(CrossValidateCommand.Create(), "--data", data, "--out", folder["cv"], "--folds", "2", "--archs", "m", "--augment", "on", "--recipe", folder["r.json"]).ShouldBe(0);
        string[] folds = [Path.Combine(folder["cv"], "m-augmented-seed1", "fold1"), Path.Combine(folder["cv"], "m-augmented-seed1", "fold2")];
        string[] arguments = ["--data", data, "--out", folder["all"], "--recipe", folder["r.json"], "--scored-by", .. folds];

        Run(TrainCommand.Create(), [.. arguments, "--hold-out", "0"]).ShouldBe(0);

        var manifest = ModelFolder.ReadManifest(folder["all"]);
        manifest.Training!.Slices.ShouldBe(6);
        manifest.Training.HeldOutGroups.ShouldBeEmpty();
        manifest.Scores!.HeldOutSlices.ShouldBe(6);
        manifest.Scores.Attention!.LostInterval.ShouldNotBeNull();
        manifest.Scores.Note.ShouldContain("cross-validation");
        Run(TrainCommand.Create(), arguments).ShouldNotBe(0);
        Run(TrainCommand.Create(), [.. arguments, "--hold-out", "0", "--epochs", "2"]).ShouldNotBe(0);
        Run(TrainCommand.Create(), [.. arguments[..^1], "--hold-out", "0"]).ShouldNotBe(0);
        Run(TrainCommand.Create(), "--data", data, "--out", folder["bare"], "--recipe", folder["r.json"], "--hold-out", "0").ShouldBe(0);
        ModelFolder.ReadManifest(folder["bare"]).Scores.ShouldBeNull();
    }

    [Theory]
    [InlineData("--folds", "1")]
    [InlineData("--folds", "99")]
    [InlineData("--only-folds", "3")]
    [InlineData("--recipe", "nowhere.json")]
    [InlineData("--base-channels", "2")]
    public void Given_AnArgumentThatCannotBeUsed_When_CrossValidated_Then_TheCommandFailsWithoutATrace(string option, string value)
    {
        using var folder = new TemporaryFolder();
        var data = Write(folder);
        var all = new Dictionary<string, string> { ["--data"] = data, ["--out"] = folder["cv"], ["--folds"] = "2", ["--recipe"] = folder["r.json"] };
        all[option] = value;
        Run(CrossValidateCommand.Create(), [.. all.SelectMany(pair => new[] { pair.Key, pair.Value })]).ShouldBe(1);
        Directory.Exists(folder["cv"]).ShouldBeFalse();
    }

    private static int Run(Command command, params string[] arguments) => command.Parse(arguments)
        .Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = TextWriter.Null, Error = TextWriter.Null });

    private static string Write(TemporaryFolder folder)
    {
        File.WriteAllText(folder["r.json"], Recipe);
        Directory.CreateDirectory(folder["images"]);
        Directory.CreateDirectory(folder["masks"]);
        var slices = TrainingRunTests.Circles(6).Slices;
        foreach (var slice in slices)
        {
            File.WriteAllBytes(Path.Combine(folder["images"], slice.Name + ".png"), PngWriter.Grey(slice.Image));
            File.WriteAllBytes(Path.Combine(folder["masks"], slice.Name + ".png"), MaskPng.Write(slice.Mask));
        }
        File.WriteAllLines(folder["slices.csv"], slices.Select(slice => $"{slice.Name},{slice.Group}").Prepend("slice,group"));
        return folder.Path;
    }
}
