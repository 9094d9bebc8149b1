using System.Text.Json;
using CtSeg.Models;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Training;
using static CtSeg.TrainingJob.Tests.CommandCalls;

namespace CtSeg.TrainingJob.Tests.Evaluation;

/// <summary>The verb as it is typed, on a folder of discs.</summary>
[Collection(TorchCollection.Name)]
public sealed class EvaluateCommandTests
{
    [Fact]
    public void Given_AModelTrainedWithASeed_When_EvaluatedTwice_Then_EveryFigureIsTheSameAndNotAConstant()
    {
        using var folder = new TemporaryFolder();
        var data = Write(folder);
        // Long enough that it no longer finds the same class everywhere.
        File.WriteAllText(folder["long.json"], Recipe.Replace("\"epochs\":1", "\"epochs\":30,\"learningRate\":0.01,\"averageDecay\":0.9", StringComparison.Ordinal));
        Run(TrainCommand.Create(), "--data", data, "--out", folder["model"], "--recipe", folder["long.json"], "--seed", "7").ShouldBe(0);
        string Document(string name)
        {
            Run(EvaluateCommand.Create(), "--data", data, "--model", folder["model"], "--json", folder[name]).ShouldBe(0);
            return File.ReadAllText(folder[name]);
        }

        var document = Document("one.json");
        Document("two.json").ShouldBe(document);

        using var report = JsonDocument.Parse(document);
        report.RootElement.GetProperty("findings")[0].GetProperty("dice").GetProperty("value").GetDouble().ShouldBeInRange(0.01, 0.99);
        report.RootElement.GetProperty("scores").GetProperty("attention").GetProperty("changedPixels").GetDouble().ShouldBeGreaterThan(0);
        var precision = report.RootElement.GetProperty("meanClassPrecision");
        precision.GetProperty("value").GetDouble().ShouldBeInRange(0.01, 0.999);
        precision.GetProperty("interval").GetProperty("low").GetDouble().ShouldBeLessThan(1);
        report.RootElement.GetProperty("lesionCalibration").GetProperty("bins")[0].GetProperty("overconfidence").ValueKind.ShouldBe(JsonValueKind.Number);
    }

    [Fact]
    public void Given_OtherOffsetsAndATemperature_When_Evaluated_Then_TheyDecideTheClassesAndAreReported()
    {
        using var folder = new TemporaryFolder();
        var data = Write(folder);
        NewModelCommand.Create(folder["model"], new ModelConfiguration { BaseChannels = 4, AttentionLevels = [3] }, seed: 1, TimeProvider.System);
        RunAndRead(EvaluateCommand.Create(), "--data", data, "--model", folder["model"], "--json", folder["scores.json"], "--class-offsets", "0", "0", "10", "0", "--temperature", "0.5")
            .Printed.ShouldContain("logits: offsets 0 0 10 0, temperature 0.5");
        using var report = JsonDocument.Parse(File.ReadAllText(folder["scores.json"]));
        // The offset is larger than what weights of chance tell the classes apart by: all is consolidation, and nearly certain.
        report.RootElement.GetProperty("confusionMatrix").EnumerateArray().ShouldAllBe(row => row[0].GetInt64() + row[1].GetInt64() + row[3].GetInt64() == 0);
        report.RootElement.GetProperty("calibration").GetProperty("bins").EnumerateArray().ShouldHaveSingleItem().GetProperty("confidence").GetDouble().ShouldBeGreaterThan(0.99);
        report.RootElement.GetProperty("models")[0].GetProperty("temperature").GetDouble().ShouldBe(0.5);
        RunAndRead(EvaluateCommand.Create(), "--data", data, "--model", folder["model"], "--class-offsets", "0", "-0.5", "0", "-1e-1").Printed.ShouldContain("offsets 0 -0.5 0 -0.1,");
        EvaluateCommand.Create().Parse(["--data", data, "--class-offsets", "1"]).Errors.ShouldHaveSingleItem().Message.ShouldContain("--class-offsets takes 4 numbers");
        RunAndRead(EvaluateCommand.Create(), "--data", data, "--model", folder["model"], "--temperature", "0").Errors.ShouldContain("temperature is 0");
    }

    [Fact]
    public void Given_StandardOutputForTheFigures_When_Evaluated_Then_NothingElseIsThereAndTheProgressIsAmongTheErrors()
    {
        using var folder = new TemporaryFolder();
        var data = Write(folder);
        NewModelCommand.Create(folder["model"], new ModelConfiguration { BaseChannels = 4, AttentionLevels = [3] }, seed: 1, TimeProvider.System);
        var (exitCode, printed, errors) = RunAndRead(EvaluateCommand.Create(), "--data", data, "--model", folder["model"], "--json", "-");
        exitCode.ShouldBe(0);
        using var report = JsonDocument.Parse(printed);
        report.RootElement.GetProperty("scores").GetProperty("slices").GetInt32().ShouldBe(6);
        // With and without attention; a bar on a terminal.
        errors.ShouldContain(Console.IsErrorRedirected ? "12 predictions ..." : "predictions");
    }
}
