using System.Text.Json;
using CtSeg.Models;
using CtSeg.Testing;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Training;
using static CtSeg.TrainingJob.Tests.CommandCalls;

namespace CtSeg.TrainingJob.Tests.Training;

[Collection(TorchCollection.Name)]
public sealed class ModelCardFileTests
{
    private const string Whole = """{"data":"d","dataLicence":"l","intendedUse":"i","notIntendedFor":"n","documentation":"docs/model-card.md"}""";

    private static readonly string Committed = Path.Combine(Repository.Root, "training-job", "weights", "card.json");

    [Fact]
    public void Given_AWholeFile_When_Read_Then_EveryFieldIsWhereItBelongs()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["c.json"], Whole);
        ModelCardFile.Read(folder["c.json"]).ShouldBe(new ModelCard("d", "l", "i", "n", "docs/model-card.md"));
    }

    [Theory]
    [InlineData("\"data\":\"d\",", "", "'data' is missing.")]
    [InlineData("\"documentation\"", "\"docs\"", "there is no field 'docs'")]
    [InlineData("\"data\"", "\"Data\"", "there is no field 'Data'")]
    [InlineData("\"data\":\"d\",", "\"data\":\"d\",\"contact\":\"c\",", "there is no field 'contact'")]
    [InlineData("\"d\"", "null", "'data' is missing.")]
    [InlineData("\"d\"", "\" \"", "'data' is empty.")]
    [InlineData("\"d\"", "7", "'data' is no text.")]
    [InlineData("\"d\"", "[\"d\"]", "'data' is no text.")]
    [InlineData("\"d\"", "\"\\ud800\"", "cannot be read")]
    [InlineData("\"d\"", "\"two\\nlines\"", "'data' holds a line break")]
    [InlineData("\"n\"", "\"n\",\"data\":\"e\"", "data")]
    [InlineData("docs/model-card.md", "/card.md", "'documentation' is '/card.md'")]
    [InlineData(Whole, "[1]", "it is not a JSON object.")]
    [InlineData(Whole, "{", "cannot be read")]
    [InlineData(Whole, "", "cannot be read")]
    public void Given_AFileThatIsNoCard_When_Read_Then_OneSentenceSaysWhy(string part, string replacement, string reason)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["c.json"], Whole.Replace(part, replacement, StringComparison.Ordinal));
        var message = Should.Throw<InvalidDataException>(() => ModelCardFile.Read(folder["c.json"])).Message;
        message.ShouldContain(reason);
        message.ShouldNotContain("\n");
    }

    [Fact]
    public void Given_NoFileOrAHugeOne_When_Read_Then_TheReasonIsGiven()
    {
        using var folder = new TemporaryFolder();
        Should.Throw<InvalidDataException>(() => ModelCardFile.Read(folder["nowhere.json"])).Message.ShouldContain("nowhere.json");
        File.WriteAllText(folder["c.json"], Whole.Replace("\"d\"", $"\"{new string('d', 1 << 16)}\"", StringComparison.Ordinal));
        Should.Throw<InvalidDataException>(() => ModelCardFile.Read(folder["c.json"])).Message.ShouldContain("it has more than 65536 bytes.");
    }

    [Fact]
    public void Given_ATrainingWithACard_When_OneGoesOnFromItsModel_Then_OnlyTheCardThatThisOneIsGivenIsItsOwn()
    {
        using var folder = new TemporaryFolder();
        var data = Write(folder);
        Run(TrainCommand.Create(), "--data", data, "--out", folder["first"], "--recipe", folder["r.json"], "--hold-out", "0", "--card", Committed).ShouldBe(0);
        ModelFolder.ReadManifest(folder["first"]).Card.ShouldBe(ModelCardFile.Read(Committed));

        var (exitCode, _, errors) = RunAndRead(TrainCommand.Create(), "--data", data, "--out", folder["second"], "--from", folder["first"], "--recipe", folder["r.json"], "--hold-out", "0");
        exitCode.ShouldBe(0);
        errors.ShouldContain("The card of first speaks of its own data and is not taken over: --card gives the new model one.");
        ModelFolder.ReadManifest(folder["second"]).Card.ShouldBeNull();
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder["second"], ModelFolder.ManifestName)));
        manifest.RootElement.TryGetProperty("card", out _).ShouldBeFalse();

        File.WriteAllText(folder["own.json"], Whole);
        Run(TrainCommand.Create(), "--data", data, "--out", folder["third"], "--from", folder["first"], "--recipe", folder["r.json"], "--hold-out", "0", "--card", folder["own.json"]).ShouldBe(0);
        ModelFolder.ReadManifest(folder["third"]).Card!.Data.ShouldBe("d");
    }

    [Fact]
    public void Given_TheCardOfTheWeightsToCome_When_Read_Then_ItsDocumentationIsThereAndItSaysWhatTheyAreNot()
    {
        var card = ModelCardFile.Read(Committed);
        File.Exists(Path.Combine(Repository.Root, card.Documentation)).ShouldBeTrue();
        card.NotIntendedFor.ShouldStartWith("Not a medical device");
        card.DataLicence.ShouldContain("non-commercial");
    }
}
