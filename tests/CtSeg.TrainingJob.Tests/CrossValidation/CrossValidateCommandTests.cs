using System.Text.Json;
using CtSeg.TrainingJob.CrossValidation;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Training;
using static CtSeg.TrainingJob.Tests.CommandCalls;

namespace CtSeg.TrainingJob.Tests.CrossValidation;

/// <summary>The verb as it is typed, on a folder of discs.</summary>
[Collection(TorchCollection.Name)]
public sealed class CrossValidateCommandTests
{
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
        tables.RootElement.GetProperty("differencesOfViews").GetArrayLength().ShouldBe(0);
        tables.RootElement.GetProperty("meanPerImageRule").GetString().ShouldBe(ForegroundProtocol.RuleOfImages);
        var complete = File.ReadAllText(Path.Combine(folder["cv"], "tables.md"));
        complete.ShouldContain("cross-validate --data");
        string[] fewer = ["--data", data, "--out", folder["cv"], "--folds", "2", "--archs", "m", "--augment", "on", "--recipe", folder["r.json"]];
        Run(CrossValidateCommand.Create(), fewer).ShouldBe(1);
        var (before, printed) = (Console.Out, new StringWriter());
        Console.SetOut(printed);
        try
        {
            Run(CrossValidateCommand.Create(), [.. fewer, "--only-folds", "1"]).ShouldBe(0);
        }
        finally
        {
            Console.SetOut(before);
        }
        printed.ToString().ShouldContain("m-augmented-seed1: infection ");
        printed.ToString().TrimEnd().ShouldEndWith(GroupBootstrap.Caveat);
        Run(CrossValidateCommand.Create(), [.. fewer, "--tables", folder["fewer"]]).ShouldBe(0);
        Run(CrossValidateCommand.Create(), arguments).ShouldBe(0);
        File.ReadAllText(Path.Combine(folder["cv"], "tables.md")).ShouldBe(complete);

        Run(EvaluateCommand.Create(), "--data", data, "--model", Path.Combine(folder["cv"], "m-augmented-seed1"), "--held-out", "--json", folder["e.json"]).ShouldBe(0);
        using var report = JsonDocument.Parse(File.ReadAllBytes(folder["e.json"]));
        report.RootElement.GetProperty("scores").GetProperty("slices").GetInt32().ShouldBe(6);
        report.RootElement.GetProperty("models").GetArrayLength().ShouldBe(2);
    }

    [Fact]
    public void Given_AFoldThatAnotherProcessTrains_When_CrossValidated_Then_TheOthersAreTrainedAndItIsNamed()
    {
        using var folder = new TemporaryFolder();
        string[] arguments = ["--data", Write(folder), "--out", folder["cv"], "--folds", "2", "--archs", "m", "--augment", "on", "--recipe", folder["r.json"]];
        var ofRun = Directory.CreateDirectory(Path.Combine(folder["cv"], "m-augmented-seed1")).FullName;
        using (TrainingLock.TryTake(Path.Combine(ofRun, "fold1.lock")).ShouldNotBeNull())
        {
            var (exitCode, printed, errors) = RunAndRead(CrossValidateCommand.Create(), arguments);
            exitCode.ShouldBe(1, printed);
            errors.ShouldEndWith("Still trained by other processes: m-augmented-seed1 fold 1. The same command goes on with their results once they are done." + Environment.NewLine);
        }
        Directory.GetFiles(ofRun, "*.json").Select(Path.GetFileName).ShouldBe(["fold2.json"]);
        File.Exists(Path.Combine(folder["cv"], "tables.md")).ShouldBeFalse();

        Run(CrossValidateCommand.Create(), arguments).ShouldBe(0);
        File.Exists(Path.Combine(folder["cv"], "tables.md")).ShouldBeTrue();
    }

    [Fact]
    public void Given_AnotherProcessThatEndsMeanwhile_When_CrossValidated_Then_ItsFoldIsTrainedToo()
    {
        Assert.SkipUnless(Console.IsOutputRedirected, "A terminal is shown no lines.");
        using var folder = new TemporaryFolder();
        string[] arguments = ["--data", Write(folder), "--out", folder["cv"], "--folds", "2", "--archs", "m", "--augment", "on", "--recipe", folder["r.json"]];
        var held = TrainingLock.TryTake(Path.Combine(Directory.CreateDirectory(Path.Combine(folder["cv"], "m-augmented-seed1")).FullName, "fold1.lock")).ShouldNotBeNull();
        using var printed = new ReactingWriter(line =>
        {
            if (line == "m-augmented-seed1 fold 2/2")
                held.Dispose();
        });
        Read(() => Run(CrossValidateCommand.Create(), arguments), printed).ExitCode.ShouldBe(0);
        File.Exists(Path.Combine(folder["cv"], "tables.md")).ShouldBeTrue();
    }

    [Theory]
    [InlineData("--folds", "1")]
    [InlineData("--folds", "99")]
    [InlineData("--only-folds", "3")]
    [InlineData("--recipe", "nowhere.json")]
    [InlineData("--base-channels", "2")]
    [InlineData("--data", "")]
    [InlineData("--out", "")]
    [InlineData("--tables", "")]
    public void Given_AnArgumentThatCannotBeUsed_When_CrossValidated_Then_TheCommandFailsWithoutATrace(string option, string value)
    {
        using var folder = new TemporaryFolder();
        var data = Write(folder);
        var all = new Dictionary<string, string> { ["--data"] = data, ["--out"] = folder["cv"], ["--folds"] = "2", ["--recipe"] = folder["r.json"] };
        all[option] = value;
        Run(CrossValidateCommand.Create(), [.. all.SelectMany(pair => new[] { pair.Key, pair.Value })]).ShouldBe(1);
        Directory.Exists(folder["cv"]).ShouldBeFalse();
    }
}
