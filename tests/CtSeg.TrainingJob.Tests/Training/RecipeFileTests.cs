using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests.Training;

public sealed class RecipeFileTests
{
    [Fact]
    public void Given_AFileWithSomeOptions_When_Read_Then_TheOthersAreThoseOfOurRecipe()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["r.json"], """{"epochs":7,"variation":{"minZoom":0.5},"configuration":{"attentionLevels":[0,3],"innerShare":1}}""");
        var options = TrainingOptions.OfRecipe(folder["r.json"]);
        var own = new TrainingOptions();
        options.Epochs.ShouldBe(7);
        options.Configuration.AttentionLevels.ShouldBe([0, 3]);
        options.Configuration.InnerShare.ShouldBe(1);
        (options with { Epochs = own.Epochs, Variation = options.Variation with { MinZoom = own.Variation.MinZoom }, Configuration = own.Configuration }).ShouldBe(own);
    }

    [Theory]
    [InlineData("""{"epoch":7}""", "no option 'epoch'")]
    [InlineData("""{"variation":{"zoom":1}}""", "no option 'variation.zoom'")]
    [InlineData("""{"epochs":"many"}""", "cannot be read")]
    [InlineData("[1]", "not a JSON object")]
    [InlineData("{", "cannot be read")]
    public void Given_AFileThatIsNoRecipe_When_Read_Then_TheReasonIsGiven(string content, string reason)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["r.json"], content);
        Should.Throw<InvalidDataException>(() => TrainingOptions.OfRecipe(folder["r.json"])).Message.ShouldContain(reason);
    }

    [Fact]
    public void Given_NoFile_When_Read_Then_TheReasonIsGiven() =>
        Should.Throw<InvalidDataException>(() => TrainingOptions.OfRecipe("nowhere.json")).Message.ShouldContain("nowhere.json");
}
