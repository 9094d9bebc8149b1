using System.Text.Json;
using CtSeg.Imaging;
using CtSeg.Models;
using CtSeg.Segmentation;
using CtSeg.Testing;
using CtSeg.TrainingJob.CrossValidation;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests.CrossValidation;

/// <summary>The finished folds of the paper's tables, which an older program made, are read and reported as what they are.</summary>
[Collection(TorchCollection.Name)]
public sealed class CommittedFoldsTests
{
    private const int FoldCount = 5;

    private static readonly string Folder = Path.Combine(Repository.Root, "docs", "results", "tables", "folds");

    // The command of docs/results/tables/README.md.
    private static readonly TrainingOptions Recipe = TrainingOptions.OfRecipe("paper");

    private static readonly CrossValidationPlan Plan = new(
        (Recipe with { Configuration = Recipe.Configuration with { BaseChannels = 8 }, ScoreEvery = 0 }).For(Recipe.Views, 128),
        [.. from architecture in Architectures.All from augmented in new[] { true, false } from seed in new[] { 1, 2, 3 } select new CrossValidationRun(architecture, augmented, seed)],
        FoldCount, FoldSeed: 1, Steps: 1500);

    [Fact]
    public void Given_TheCommittedFolds_When_TheirCommandIsTypedAgain_Then_EachIsReadAndNoneIsTrained()
    {
        var read = Plan.Runs.Sum(run => Read(run).Count);
        read.ShouldBe(Directory.GetFiles(Folder, "fold*.json", SearchOption.AllDirectories).Length);
        read.ShouldBe(80);
    }

    [Fact]
    public void Given_TheCommittedFolds_When_ReportedAsTheirPageSays_Then_TheTablesAreThoseBesideThemAndSayWhatTheyRanWith()
    {
        var command = string.Join(' ', PageCommands.Whole("docs/results/tables/README.md").Single(command => command.StartsWith("cross-validate ", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries));
        var results = Plan.Runs.ToDictionary(run => run, Read).Where(result => result.Value.Count == FoldCount).ToDictionary();
        var text = CrossValidationTables.Write(CrossValidationReport.Create(Plan, Data(), results), $"./ctseg {command}");
        text.ShouldBe(File.ReadAllText(Path.Combine(Repository.Root, "docs", "results", "tables.md")));
        text.ShouldContain("| unet | augmented: `paper` | 16 | 1520 to 1536 |");
        text.ShouldContain("| unet | as they are: `none` | 94 | 1504 |");
        text.ShouldContain("\"baseChannels\": 8");
        // The share of the background, which the decisions and the model card name.
        text.ShouldContain("| all background | - | 0.241 ");
        text.ShouldContain(" | - | 0.930 [");
        text.ShouldNotContain("\"epochs\"");
        text.ShouldNotContain("inputCheckSteps");
        text.ShouldContain("Not run: the paper's full setting");
    }

    private static IReadOnlyList<FoldResult> Read(CrossValidationRun run)
    {
        var validator = new CrossValidator(Folder, Plan, Data(), TimeProvider.System);
        return
        [
            .. Enumerable.Range(0, FoldCount).Where(fold => File.Exists(Path.Combine(Folder, run.Name, $"fold{fold + 1}.json")))
                .Select(fold => validator.Fold(run, fold, _ => throw new InvalidOperationException($"{run.Name}, fold {fold + 1}, is trained again."), CancellationToken.None).ShouldNotBeNull()),
        ];
    }

    /// <summary>The slices by name and group, which is all that a finished fold is held to; their pictures are not part of the repository.</summary>
    private static TrainingData Data()
    {
        var folds = Directory.GetFiles(Path.Combine(Folder, "unet-plain-seed1"), "fold*.json")
            .Select(file => JsonSerializer.Deserialize(File.ReadAllBytes(file), CrossValidationJson.Default.FoldResult)!).ToList();
        return new TrainingData(
            [.. folds.SelectMany(fold => fold.Slices).OrderBy(slice => slice.Name, StringComparer.Ordinal)
                .Select(slice => new LabelledSlice(slice.Name, slice.Group, new GreyImage(1, 1, [0]), new LesionMask(1, 1, [0])))],
            folds[0].DataSha256);
    }
}
