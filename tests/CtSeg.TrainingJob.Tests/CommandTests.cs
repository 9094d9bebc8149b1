using System.CommandLine;
using System.Text.Json;
using CtSeg.Imaging;
using CtSeg.Models;
using CtSeg.TrainingJob.CrossValidation;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.InputCheck;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Robustness;
using CtSeg.TrainingJob.Training;
using static CtSeg.TrainingJob.Tests.CommandCalls;

namespace CtSeg.TrainingJob.Tests;

/// <summary>The verbs as they are typed, on a folder of discs.</summary>
[Collection(TorchCollection.Name)]
public sealed class CommandTests
{
    [Fact]
    public void Given_ADataFolder_When_TrainedThenEvaluatedAndDisturbed_Then_EveryFileIsWritten()
    {
        using var folder = new TemporaryFolder();
        var data = Write(folder);
        Run(TrainCommand.Create(), "--data", data, "--out", folder["model"], "--recipe", folder["r.json"], "--device", "cpu").ShouldBe(0);

        Run(EvaluateCommand.Create(), "--data", data, "--model", folder["model"], "--held-out", "--json", folder["e.json"], "--overlays", folder["pictures"]).ShouldBe(0);
        Run(EvaluateCommand.Create(), "--data", data, "--model", folder["model"], "--fitted").ShouldBe(0);
        Run(EvaluateCommand.Create(), "--data", data, "--model", folder["model"], "--fitted", "--held-out").ShouldNotBe(0);
        using var report = JsonDocument.Parse(File.ReadAllBytes(folder["e.json"]));
        var heldOut = report.RootElement.GetProperty("scores").GetProperty("slices").GetInt32();
        heldOut.ShouldBeInRange(1, 5);
        report.RootElement.GetProperty("slicesOfTraining").GetInt32().ShouldBe(0);
        Directory.GetFiles(folder["pictures"], "*.png").Length.ShouldBe(heldOut);

        Run(EvaluateCommand.Create(), "--data", data, "--model", folder["model"], "--worst", "2", "--json", folder["w.json"], "--overlays", folder["worst"]).ShouldBe(0);
        using var worst = JsonDocument.Parse(File.ReadAllBytes(folder["w.json"]));
        var slices = worst.RootElement.GetProperty("slices").EnumerateArray()
            .Select(slice => (Name: slice.GetProperty("name").GetString(), Dice: slice.GetProperty("dice").GetProperty("infection").GetDouble())).ToList();
        slices.Count.ShouldBe(6);
        slices.Select(slice => slice.Dice).ShouldBeInOrder();
        Directory.GetFiles(folder["worst"]).Select(Path.GetFileNameWithoutExtension).Order().ShouldBe(slices.Take(2).Select(slice => slice.Name).Order());
        worst.RootElement.GetProperty("scores").GetProperty("note").GetString()!.ShouldStartWith($"{6 - heldOut} of the scored slices");
        report.RootElement.GetProperty("scores").GetProperty("note").GetString().ShouldBe(Evaluator.Note);

        Run(RobustnessCommand.Create(), "--data", data, "--model", folder["model"], "--held-out", "--out", folder["robust"]).ShouldBe(0);
        using var disturbed = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder["robust"], "robustness.json")));
        disturbed.RootElement.GetProperty("slices").GetInt32().ShouldBe(heldOut);
        disturbed.RootElement.GetProperty("disturbances")[0].GetProperty("warned").ValueKind.ShouldBe(JsonValueKind.Number);
        File.ReadAllText(Path.Combine(folder["robust"], "robustness.md")).ShouldContain("scale 1.25");
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
        manifest.Scores!.Slices.ShouldBe(6);
        manifest.Scores.Attention!.LostInterval.ShouldNotBeNull();
        manifest.Scores.Note.ShouldContain("cross-validation");
        Run(EvaluateCommand.Create(), ["--data", data, "--model", .. folds, "--held-out", "--json", folder["e.json"]]).ShouldBe(0);
        using var pooled = JsonDocument.Parse(File.ReadAllBytes(folder["e.json"]));
        manifest.Scores.Foreground.Infection.Dice.ShouldBe(pooled.RootElement.GetProperty("findings")[0].GetProperty("dice").GetProperty("value").GetDouble());
        manifest.Scores.Paper.MicroDice.ShouldBe(pooled.RootElement.GetProperty("microDice").GetProperty("value").GetDouble());
        // The same training, whose model judges its logits in another way, and so would the folds' models.
        File.WriteAllText(folder["judging.json"], Recipe.Replace("\"inputSide\":32", "\"inputSide\":32,\"classOffsets\":[10,0,0,0],\"temperature\":2", StringComparison.Ordinal));
        Run(TrainCommand.Create(), ["--data", data, "--out", folder["judging"], "--recipe", folder["judging.json"], "--hold-out", "0", "--scored-by", .. folds]).ShouldBe(0);
        var judging = ModelFolder.ReadManifest(folder["judging"]);
        judging.Configuration.ClassOffsets.ShouldBe([10, 0, 0, 0]);
        judging.WeightsSha256.ShouldBe(manifest.WeightsSha256);
        Run(EvaluateCommand.Create(), ["--data", data, "--model", .. folds, "--held-out", "--class-offsets", "10", "0", "0", "0", "--json", folder["j.json"]]).ShouldBe(0);
        using var judged = JsonDocument.Parse(File.ReadAllBytes(folder["j.json"]));
        judging.Scores!.Paper.MicroDice.ShouldBe(judged.RootElement.GetProperty("microDice").GetProperty("value").GetDouble());
        judging.Scores.Paper.MicroDice.ShouldNotBe(manifest.Scores.Paper.MicroDice);
        Run(TrainCommand.Create(), arguments).ShouldNotBe(0);
        Run(TrainCommand.Create(), [.. arguments, "--hold-out", "0", "--epochs", "2"]).ShouldNotBe(0);
        Run(TrainCommand.Create(), [.. arguments[..^1], "--hold-out", "0"]).ShouldNotBe(0);
        Run(TrainCommand.Create(), "--data", data, "--out", folder["bare"], "--recipe", folder["r.json"], "--hold-out", "0").ShouldBe(0);
        ModelFolder.ReadManifest(folder["bare"]).Scores.ShouldBeNull();
    }

    [Fact]
    public void Given_AFolderThatAnotherProcessTrainsInto_When_Trained_Then_ItIsLeftAlone()
    {
        using var folder = new TemporaryFolder();
        string[] arguments = ["--data", Write(folder), "--out", Directory.CreateDirectory(folder["model"]).FullName, "--recipe", folder["r.json"]];
        using (TrainingLock.TryTake(Path.Combine(folder["model"], "training.lock")).ShouldNotBeNull())
        {
            var (exitCode, _, errors) = RunAndRead(TrainCommand.Create(), arguments);
            exitCode.ShouldNotBe(0);
            errors.ShouldStartWith("Another process trains into");
        }
        Directory.GetFiles(folder["model"]).Select(Path.GetFileName).ShouldBe(["training.lock"]);

        Run(TrainCommand.Create(), arguments).ShouldBe(0);
        File.Exists(Path.Combine(folder["model"], "training.lock")).ShouldBeFalse();
    }

    [Fact]
    public void Given_PicturesAndSlices_When_TheInputCheckIsExamined_Then_EachIsCountedByKindAndByFold()
    {
        using var folder = new TemporaryFolder();
        var data = Write(folder);
        Run(TrainCommand.Create(), "--data", data, "--out", folder["model"], "--recipe", folder["r.json"]).ShouldBe(0);
        Directory.CreateDirectory(folder["foreign"]);
        foreach (var name in new[] { "blank-1.png", "blank-2.png", "noise-1.png" })
            File.WriteAllBytes(Path.Combine(folder["foreign"], name), PngWriter.Grey(new GreyImage(8, 8, new byte[64])));
        File.WriteAllText(Path.Combine(folder["foreign"], "README.md"), "not a picture");

        Run(InputCheckCommand.Create(), "--pictures", folder["foreign"], "--model", folder["model"], "--data", data, "--folds", "2", "--steps", "3", "--json", folder["c.json"]).ShouldBe(0);

        using var report = JsonDocument.Parse(File.ReadAllBytes(folder["c.json"]));
        report.RootElement.GetProperty("kinds").EnumerateArray().Select(kind => (kind.GetProperty("kind").GetString(), kind.GetProperty("pictures").GetInt32()))
            .ShouldBe([("blank", 2), ("noise", 1)]);
        var pictures = report.RootElement.GetProperty("pictures").EnumerateArray().ToList();
        pictures.Count(picture => picture.GetProperty("warned").GetBoolean())
            .ShouldBe(report.RootElement.GetProperty("kinds").EnumerateArray().Sum(kind => kind.GetProperty("warned").GetInt32()));
        pictures.ShouldAllBe(picture => picture.GetProperty("warned").GetBoolean() == picture.GetProperty("score").GetDouble() > 0.5);
        report.RootElement.GetProperty("slices").GetProperty("slices").GetInt32().ShouldBe(6);
        report.RootElement.GetProperty("slices").GetProperty("spoilt").EnumerateArray().Select(kind => (kind.GetProperty("kind").GetString(), kind.GetProperty("pictures").GetInt32()))
            .ShouldBe(
            [
                ("turned by 30 degrees", 12), ("turned by 45 degrees", 12), ("turned by 60 degrees", 12), ("turned by quarters", 18),
                ("front and back changed", 6), ("inverted", 6),
            ]);
        report.RootElement.GetProperty("slices").GetProperty("disturbed").EnumerateArray().ShouldAllBe(kind => kind.GetProperty("pictures").GetInt32() == 6);

        Run(InputCheckCommand.Create(), "--pictures", Directory.CreateDirectory(folder["empty"]).FullName, "--model", folder["model"]).ShouldBe(1);
        File.WriteAllText(Path.Combine(folder["foreign"], "blank-3.png"), "no picture");
        Run(InputCheckCommand.Create(), "--pictures", folder["foreign"], "--model", folder["model"]).ShouldBe(1);
        Run(InputCheckCommand.Create()).ShouldNotBe(0);
    }

    [Fact]
    public void Given_AModelToGoOnFrom_When_ItsOwnFolderIsToBeWritten_Then_ItIsRefusedAndTheModelStays()
    {
        using var folder = new TemporaryFolder();
        var data = Write(folder);
        NewModelCommand.Create(folder["model"], new ModelConfiguration { BaseChannels = 4, AttentionLevels = [3] }, seed: 1, TimeProvider.System);
        var (exitCode, _, errors) = RunAndRead(TrainCommand.Create(), "--data", data, "--out", folder["model"], "--from", folder["model"] + Path.DirectorySeparatorChar, "--hold-out", "0");
        exitCode.ShouldBe(1);
        errors.ShouldStartWith("--from and --out are the same folder");
        Directory.GetFiles(folder["model"]).Select(Path.GetFileName).Order(StringComparer.Ordinal).ShouldBe([ModelFolder.ManifestName, ModelFolder.WeightsName]);
    }

    [Fact]
    public void Given_AFolderThatEndsInASlash_When_TrainedAndMadeAnew_Then_TheModelHasItsName()
    {
        using var folder = new TemporaryFolder();
        var data = Write(folder);
        Run(TrainCommand.Create(), "--data", data, "--out", folder["model"] + Path.DirectorySeparatorChar, "--recipe", folder["r.json"]).ShouldBe(0);
        ModelFolder.ReadManifest(folder["model"]).Version.ShouldBe("model");
        Run(NewModelCommand.Create(), "--out", folder["new"] + Path.DirectorySeparatorChar).ShouldBe(0);
        ModelFolder.ReadManifest(folder["new"]).Version.ShouldBe("new");
    }

    [Theory]
    [InlineData("--model-version", "")]
    [InlineData("--model-version", "../mine")]
    [InlineData("--recipe", "null.json")]
    [InlineData("--card", "null.json")]
    [InlineData("--card", "")]
    [InlineData("--input-size", "16")]
    [InlineData("--data", "")]
    [InlineData("--out", "")]
    [InlineData("--from", "")]
    public void Given_AnArgumentThatCannotBeUsed_When_Trained_Then_TheCommandFailsWithoutATraceAndBeforeItTrains(string option, string value)
    {
        using var folder = new TemporaryFolder();
        var data = Write(folder);
        File.WriteAllText(folder["null.json"], """{"configuration":null}""");
        var all = new Dictionary<string, string> { ["--data"] = data, ["--out"] = folder["model"], ["--recipe"] = folder["r.json"] };
        all[option] = value.EndsWith(".json", StringComparison.Ordinal) ? folder[value] : value;
        Run(TrainCommand.Create(), [.. all.SelectMany(pair => new[] { pair.Key, pair.Value })]).ShouldBe(1);
        Directory.Exists(folder["model"]).ShouldBeFalse();
    }

    [Theory]
    [InlineData("train")]
    [InlineData("cross-validate")]
    [InlineData("evaluate")]
    [InlineData("robustness")]
    [InlineData("predict")]
    public void Given_NoGraphicsProcessor_When_OneIsAskedFor_Then_TheCommandFailsWithASentenceAndWithoutATrace(string verb)
    {
        Assert.SkipWhen(TorchSharp.torch.cuda.is_available(), "There is a graphics processor.");
        using var folder = new TemporaryFolder();
        var data = Write(folder);
        Command[] commands = [TrainCommand.Create(), CrossValidateCommand.Create(), EvaluateCommand.Create(), RobustnessCommand.Create(), PredictCommand.Create()];
        var command = commands.Single(command => command.Name == verb);
        string[] input = verb == "predict" ? [Path.Combine(data, "images")] : ["--data", data];
        string[] arguments = [.. input, .. verb == "evaluate" ? [] : new[] { "--out", folder["out"] }, "--device"];
        var (before, errors) = (Console.Error, new StringWriter());
        Console.SetError(errors);
        try
        {
            Run(command, [.. arguments, "cuda"]).ShouldBe(1);
            Run(command, [.. arguments, "abacus"]).ShouldNotBe(0);
        }
        finally
        {
            Console.SetError(before);
        }
        errors.ToString().ShouldStartWith("The tensor library finds no graphics processor with CUDA: ");
        Directory.Exists(folder["out"]).ShouldBeFalse();
    }

    [Fact]
    public void Given_InputsThatNameNoSlice_When_Predicted_Then_EachIsToldAndTheOthersAreDone()
    {
        using var folder = new TemporaryFolder();
        var image = Path.Combine(Write(folder), "images", "s0.png");
        var (empty, none, same) = (Directory.CreateDirectory(folder["empty"]).FullName, folder["none"] + Path.DirectorySeparatorChar, Path.Combine(Directory.CreateDirectory(folder["b"]).FullName, "s0.png"));
        File.Copy(image, same);

        var (exitCode, printed, errors) = RunAndRead(PredictCommand.Create(), empty, none, image, same, "--out", folder["out"], "--device", "cpu");

        exitCode.ShouldBe(1);
        printed.ShouldEndWith("1 completed, 3 failed" + Environment.NewLine);
        errors.Split(Environment.NewLine)[..^1].ShouldBe([
            $"No slices in '{empty}': give a folder that holds PNG, JPEG or TIFF files itself, not in folders below it.",
            $"'{none}' does not exist: give files or folders of PNG, JPEG or TIFF slices.",
            $"s0.png: '{same}' has the same file name as '{image}', whose result it would overwrite: rename one of them."]);
    }

    [Fact]
    public void Given_SlicesOfOneGroup_When_NothingIsHeldOut_Then_AllAreTrainedOn()
    {
        using var folder = new TemporaryFolder();
        var data = Write(folder);
        File.WriteAllLines(folder["slices.csv"], ["slice,group", "s0,g", "s1,g"]);
        Run(TrainCommand.Create(), "--data", data, "--out", folder["none"], "--recipe", folder["r.json"]).ShouldBe(1);
        Run(TrainCommand.Create(), "--data", data, "--out", folder["all"], "--recipe", folder["r.json"], "--hold-out", "0").ShouldBe(0);
        ModelFolder.ReadManifest(folder["all"]).Training!.Slices.ShouldBe(2);
    }

    [Theory]
    [InlineData("train", "Stopped; the same command with --resume goes on from the last whole epoch.")]
    [InlineData("cross-validate", "Stopped; the same command goes on from here.")]
    [InlineData("evaluate", "Stopped; the same command begins anew.")]
    [InlineData("robustness", "Stopped; the same command begins anew.")]
    [InlineData("input-check", "Stopped; the same command begins anew.")]
    public void Given_ASignal_When_AVerbRuns_Then_ItSaysThatItStopped(string verb, string sentence)
    {
        using var folder = new TemporaryFolder();
        var data = Write(folder);
        NewModelCommand.Create(folder["model"], new ModelConfiguration { BaseChannels = 4, AttentionLevels = [3] }, seed: 1, TimeProvider.System);
        string[] further = verb switch
        {
            "train" => ["--out", folder["out"], "--recipe", folder["r.json"]],
            "cross-validate" => ["--out", folder["out"], "--recipe", folder["r.json"], "--folds", "2"],
            "evaluate" or "robustness" => ["--model", folder["model"]],
            _ => ["--folds", "2"],
        };
        Command[] commands = [TrainCommand.Create(), CrossValidateCommand.Create(), EvaluateCommand.Create(), RobustnessCommand.Create(), InputCheckCommand.Create()];
        var (exitCode, _, errors) = RunStopped(commands.Single(command => command.Name == verb), ["--data", data, .. further]);
        exitCode.ShouldBe(1);
        errors.ShouldEndWith(sentence + Environment.NewLine);
    }

    // Where a file lies there can be no folder. What is printed would be the work.
    [Theory]
    [InlineData("train", "--out")]
    [InlineData("cross-validate", "--out")]
    [InlineData("cross-validate", "--tables")]
    [InlineData("evaluate", "--json")]
    [InlineData("evaluate", "--overlays")]
    [InlineData("robustness", "--out")]
    [InlineData("input-check", "--json")]
    public void Given_AResultThatCannotBeWritten_When_AVerbRuns_Then_ItSaysSoBeforeTheWork(string verb, string option)
    {
        using var folder = new TemporaryFolder();
        var data = Write(folder);
        NewModelCommand.Create(folder["model"], new ModelConfiguration { BaseChannels = 4, AttentionLevels = [3] }, seed: 1, TimeProvider.System);
        var unwritable = Path.Combine(folder["slices.csv"], "result");
        var all = new Dictionary<string, string> { ["--data"] = data };
        if (verb is "train" or "cross-validate")
            (all["--recipe"], all["--out"]) = (folder["r.json"], folder["out"]);
        if (verb == "cross-validate")
            all["--folds"] = "2";
        if (verb is "evaluate" or "robustness")
            all["--model"] = folder["model"];
        all[option] = unwritable;
        Command[] commands = [TrainCommand.Create(), CrossValidateCommand.Create(), EvaluateCommand.Create(), RobustnessCommand.Create(), InputCheckCommand.Create()];

        var (exitCode, printed, errors) = RunAndRead(commands.Single(command => command.Name == verb), [.. all.SelectMany(pair => new[] { pair.Key, pair.Value })]);

        exitCode.ShouldBe(1);
        printed.ShouldBeEmpty();
        errors.ShouldContain($"'{unwritable}'");
        errors.Trim().ShouldNotContain(Environment.NewLine);
        Directory.Exists(folder["out"]).ShouldBeFalse();
    }
}
