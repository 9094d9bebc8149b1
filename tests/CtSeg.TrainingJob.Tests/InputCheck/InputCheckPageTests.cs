using System.Text.Json;
using CtSeg.Testing;
using CtSeg.TrainingJob.InputCheck;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Tests.InputCheck;

/// <summary>What the model card says of the input check is what docs/results/input-check has.</summary>
public sealed class InputCheckPageTests
{
    private static readonly string Card = File.ReadAllText(Path.Combine(Repository.Root, "docs", "model-card.md"));

    [Theory]
    [InlineData("training")]
    [InlineData("upright")]
    [InlineData("first")]
    [InlineData("second")]
    [InlineData("third")]
    [InlineData("fourth")]
    public void Given_AnExam_When_TheCardIsRead_Then_ItsRowHasEveryKindAndTheSum(string exam)
    {
        var report = Read(exam);
        report.Model.ShouldBe(ModelFolder.ReadManifest(ShippedModel.Folder(ShippedModel.Root)).Version);
        InputCheckExam.Kinds(report.Pictures).ShouldBe(report.Kinds);
        var ofOneKind = report.Kinds.Count == 1 || report.Kinds.Count == report.Pictures.Count;
        var kinds = ofOneKind ? "" : $"{string.Join(", ", report.Kinds.Select(kind => $"{kind.Kind} {kind.Warned} of {kind.Pictures}"))} ";
        Card.ShouldContain($"| {kinds}| {report.Pictures.Count(picture => picture.Warned)} of {report.Pictures.Count} |");
    }

    /// <summary>No slice is warned about, and 45 of 50 foreign pictures of at least five kinds are.</summary>
    [Fact]
    public void Given_TheExams_When_HeldAgainstWhatIsAskedOfTheCheck_Then_ItPasses()
    {
        Read("training").Pictures.Count.ShouldBe(79);
        Read("training").Pictures.Concat(Read("upright").Pictures).ShouldAllBe(picture => !picture.Warned);
        foreach (var exam in new[] { "first", "third", "fourth" })
        {
            var pictures = Read(exam).Pictures;
            pictures.Count.ShouldBe(50);
            pictures.Count(picture => picture.Warned).ShouldBeGreaterThanOrEqualTo(45);
            Read(exam).Kinds.Count.ShouldBeGreaterThanOrEqualTo(5);
        }
    }

    [Fact]
    public void Given_SlicesThatTheChecksHadNotSeen_When_TheCardIsRead_Then_ItSaysHowManyWereWarnedAbout()
    {
        var slices = Read("slices").Slices.ShouldNotBeNull();
        Card.ShouldContain($"| {slices.Warned} of {slices.Slices} |");
        foreach (var kind in slices.Spoilt)
            Card.ShouldContain($"{kind.Kind} {kind.Warned} of {kind.Pictures}");
        Card.ShouldContain($"| {slices.Disturbed.Sum(kind => kind.Warned)} of {slices.Disturbed.Sum(kind => kind.Pictures)} |");
    }

    private static InputCheckReport Read(string exam) => JsonSerializer.Deserialize(
        File.ReadAllBytes(Path.Combine(Repository.Root, "docs", "results", "input-check", $"{exam}.json")), InputCheckJson.Default.InputCheckReport).ShouldNotBeNull();
}
