using System.Text.Json;
using CtSeg.Models;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Model;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Robustness;
using CtSeg.TrainingJob.Tests.Model;
using CtSeg.TrainingJob.Tests.Training;
using CtSeg.TrainingJob.Training;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Robustness;

[Collection(TorchCollection.Name)]
public sealed class RobustnessBenchTests
{
    [Fact]
    public void Given_TwoModelsOfACrossValidation_When_Disturbed_Then_EverySliceIsScoredOnceUnderEachDisturbance()
    {
        using var folder = new TemporaryFolder();
        var data = TrainingRunTests.Circles(6);
        var models = new ScoredModels(
            [Model(folder["a"], data, "g0"), Model(folder["b"], data, "g1")], data, ScoredGroups.HeldOut);
        var slices = data.Slices.Where(models.Scores).ToList();
        slices.Select(slice => slice.Group).Distinct().ShouldBe(["g0", "g1"]);
        var rows = new RobustnessBench(models, [.. slices.Select(slice => (slice, slice.Image))]).Run(_ => { }, TestContext.Current.CancellationToken);
        rows.Select(row => row.Disturbance).ShouldBe(Disturbance.All.Select(disturbance => disturbance.Name));
        rows[0].InfectionDiceLost.Value.ShouldBe(0);
        rows.Skip(1).ShouldAllBe(row => row.Foreground.Infection.Dice != rows[0].Foreground.Infection.Dice);
        rows.ShouldAllBe(row => row.Foreground.Infection.SlicesWithClass == slices.Count && row.Warned == null);
        var text = new RobustnessReport([], "data", slices.Count, 2, SlicesOfTraining: 0, rows).ToMarkdown("./ctseg robustness");
        text.ShouldNotContain("scored slices");
        text.ShouldContain($"undisturbed.\n\n{Evaluator.Note}\n\n| ");
        text.ShouldContain(GroupBootstrap.Caveat);
        new RobustnessReport([], "data", slices.Count, 2, SlicesOfTraining: 3, rows).ToMarkdown("x").ShouldContain("3 of the scored slices");
        text.Split('\n').Count(line => line.StartsWith("| ", StringComparison.Ordinal)).ShouldBe(Disturbance.All.Count + 1);
        text.ShouldContain("| JPEG quality 60 |");
        text.ShouldNotContain("warned about");
        var warned = new RobustnessReport([], "data", slices.Count, 2, SlicesOfTraining: null, [.. rows.Select((row, at) => row with { Warned = at == 0 ? null : at })]).ToMarkdown("x");
        warned.ShouldContain("| warned about |\n|---|---|---|---|---|---|---|\n| none |");
        warned.Split('\n').Count(line => line.StartsWith("| ", StringComparison.Ordinal) && line.Count(letter => letter == '|') == 8).ShouldBe(Disturbance.All.Count + 1);
        warned.ShouldContain("other data than the model was trained with");
    }

    [Fact]
    public void Given_TwoModelsThatHeldOutTheSameGroup_When_Scored_Then_ItIsRefused()
    {
        using var folder = new TemporaryFolder();
        var data = TrainingRunTests.Circles(6);
        string[] models = [Model(folder["a"], data, "g1"), Model(folder["b"], data, "g1")];
        Should.Throw<TrainingDataException>(() => new ScoredModels(models, data, ScoredGroups.HeldOut)).Message.ShouldContain("several models");
        Should.Throw<TrainingDataException>(() => new ScoredModels(models[..1], data with { Slices = [data.Slices[0]] }, ScoredGroups.HeldOut)).Message.ShouldContain("held out");
        new ScoredModels(models[..1], data, ScoredGroups.All).SlicesOfTraining.ShouldBe(4);
        new ScoredModels(models[..1], data, ScoredGroups.HeldOut).SlicesOfTraining.ShouldBe(0);
        var fitted = new ScoredModels(models[..1], data, ScoredGroups.Fitted);
        fitted.SlicesOfTraining.ShouldBe(4);
        Should.Throw<TrainingDataException>(() => new ScoredModels(models[..1], data with { Sha256 = "other" }, ScoredGroups.HeldOut))
            .Message.ShouldContain("not trained with this data");
        new ScoredModels(models[..1], data with { Sha256 = "other" }, ScoredGroups.All).SlicesOfTraining.ShouldBeNull();
        data.Slices.Count(fitted.Scores).ShouldBe(4);
    }

    [Fact]
    public void Given_AModelThatNotesItsPictures_When_ScoredOnOtherData_Then_TheSlicesItLearntFromAreCounted()
    {
        using var folder = new TemporaryFolder();
        var data = TrainingRunTests.Circles(6);
        var model = Model(folder["a"], data, "g1");
        ModelFolder.WriteTrainedOn(model, TrainingRun.LearntFrom(ModelFolder.ReadManifest(model).Version, data.Slices.Take(1)));
        new ScoredModels([model], data with { Sha256 = "other" }, ScoredGroups.All).SlicesOfTraining.ShouldBe(1);
        new ScoredModels([model], new TrainingData([.. data.Slices.Skip(1)], "other"), ScoredGroups.All).SlicesOfTraining.ShouldBe(0);
        new ScoredModels([model], data, ScoredGroups.All).SlicesOfTraining.ShouldBe(1);
    }

    private static string Model(string folder, TrainingData data, string heldOut)
    {
        manual_seed(1);
        using var network = new ResidualAttentionUNet(ResidualAttentionUNetTests.Tiny with { Architecture = Architectures.WithoutAttention });
        network.eval();
        using (no_grad())
        {
            // Every class somewhere: weights of chance prefer one everywhere.
            network.state_dict()["classifier.bias"].sub_(network.call(InputScaling.ToTensor(data.Slices[0].Image)).mean([0, 2, 3]));
        }
        var manifest = TrainingRunTests.Manifest(network.Configuration) with
        {
            Training = new TrainingRecord(data.Sha256, 4, 2, [heldOut], 1, 0, ["here"], JsonSerializer.SerializeToElement(new { epochs = 1 })),
        };
        ModelFolder.Save(folder, manifest, network);
        return folder;
    }
}
