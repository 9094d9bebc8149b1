using CtSeg.Testing;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Tests.Evaluation;

/// <summary>The terms of the model card are those of the licence beside the weights.</summary>
public sealed class ModelCardPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "model-card.md"));
    private static readonly string Weights = Path.Combine(Repository.Root, "training-job", "weights", "2026.2");

    [Fact]
    public void Given_TheFilesOfTheWeights_When_CardAndLicenceAreRead_Then_BothNameAllOfThem()
    {
        var licence = File.ReadAllText(Path.Combine(Weights, "LICENSE"));
        var files = Directory.GetFiles(Weights).Select(file => Path.GetFileName(file)).Where(name => name != "LICENSE").ToList();
        files.ShouldBe([ModelFolder.ManifestName, ModelFolder.TrainedOnName, ModelFolder.WeightsName], ignoreOrder: true);
        foreach (var file in files)
        {
            licence.Split('\n')[0].ShouldContain(file);
            Page.Split("\n## ")[0].ShouldContain($"`{file}`");
        }
    }
}
