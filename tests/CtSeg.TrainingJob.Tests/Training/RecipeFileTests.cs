using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests.Training;

public sealed class RecipeFileTests
{
    [Fact]
    public void Given_AFileWithSomeOptions_When_Read_Then_TheOthersAreTheDefaults()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["r.json"], """{"epochs":7,"variation":{"minZoom":0.5},"configuration":{"attentionLevels":[0,3],"innerShare":1}}""");
        var options = TrainingOptions.OfRecipe(folder["r.json"]);
        var own = new TrainingOptions();
        options.Epochs.ShouldBe(7);
        options.Configuration.AttentionLevels.ShouldBe([0, 3]);
        options.Configuration.InnerShare.ShouldBe(1);
        (options with { Epochs = own.Epochs, Stages = own.Stages, Variation = options.Variation with { MinZoom = own.Variation.MinZoom }, Configuration = own.Configuration }).ShouldBe(own);
    }

    [Theory]
    [InlineData("""{"epoch":7}""", "no option 'epoch'")]
    [InlineData("""{"variation":{"zoom":1}}""", "no option 'variation.zoom'")]
    [InlineData("""{"epochs":"many"}""", "cannot be read")]
    [InlineData("""{"variation":null}""", "'variation' is null")]
    [InlineData("""{"configuration":null}""", "'configuration' is null")]
    [InlineData("""{"configuration":{"attentionLevels":null}}""", "'configuration.attentionLevels' is null")]
    [InlineData("""{"stages":null}""", "'stages' is null")]
    [InlineData("""{"stages":[null]}""", "'stages' is null or holds one")]
    [InlineData("""{"classWeights":[1,null,1,1]}""", "'classWeights' is null or holds one")]
    [InlineData("""{"epochs":7,"epochs":8}""", "epochs")]
    [InlineData("""{"variation":{"noise":0,"noise":0.1}}""", "noise")]
    [InlineData("""{"variation":5}""", "cannot be read")]
    [InlineData("""{"stages":{"until":0.5}}""", "cannot be read")]
    [InlineData("[1]", "not a JSON object")]
    [InlineData("{", "cannot be read")]
    public void Given_AFileThatIsNoRecipe_When_Read_Then_TheReasonIsGiven(string content, string reason)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["r.json"], content);
        Should.Throw<InvalidDataException>(() => TrainingOptions.OfRecipe(folder["r.json"])).Message.ShouldContain(reason);
    }

    [Fact]
    public void Given_OptionsThatAreNullByDefault_When_AFileSaysSo_Then_ItIsRead()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["r.json"], """{"classWeights":null,"variation":{"minZoom":null},"configuration":{"inputSide":null}}""");
        TrainingOptions.OfRecipe(folder["r.json"]).Variation.ShouldBe(new Variation());
    }

    [Fact]
    public void Given_NoFile_When_Read_Then_TheReasonIsGiven() =>
        Should.Throw<InvalidDataException>(() => TrainingOptions.OfRecipe("nowhere.json")).Message.ShouldContain("nowhere.json");

    [Theory]
    [InlineData("""{"epochs":0}""", "epochs are 0")]
    [InlineData("""{"batchSize":0}""", "batch size is 0")]
    [InlineData("""{"inputSize":0}""", "input size is 0")]
    [InlineData("""{"averageDecay":1}""", "decay of the average is 1")]
    [InlineData("""{"classWeights":[1,2]}""", "class weights")]
    [InlineData("""{"variation":{"minZoom":0}}""", "smallest zoom is 0")]
    [InlineData("""{"variation":{"minZoom":1.5}}""", "largest zoom is 1.3")]
    [InlineData("""{"configuration":{"inputSide":3}}""", "side of the input is 3")]
    [InlineData("""{"configuration":{"classOffsets":[0,0,1]}}""", "class offsets")]
    [InlineData("""{"configuration":{"classOffsets":[0,0,11,0]}}""", "class offsets")]
    [InlineData("""{"configuration":{"temperature":0}}""", "temperature is 0")]
    [InlineData("""{"views":"all"}""", "'all', not one of none, paper, varied")]
    [InlineData("""{"classWeights":[1,1,1,1e999]}""", "class weights")]
    [InlineData("""{"dice":"all"}""", "'all', not one of none, classes, present, infection")]
    [InlineData("""{"stages":[{"until":1,"size":0.5}]}""", "share of 1")]
    [InlineData("""{"stages":[{"until":0.5,"size":0}]}""", "have 0 of the input size")]
    [InlineData("""{"stages":[{"until":0.5,"size":0.5},{"until":0.5,"size":0.7}]}""", "do not follow")]
    [InlineData("""{"attendsFrom":1}""", "attention joins is 1")]
    [InlineData("""{"attendsRate":2}""", "attention joins is 2")]
    public void Given_AnOptionOutOfItsRange_When_Validated_Then_ItIsNamed(string content, string reason)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["r.json"], content);
        Should.Throw<InvalidDataException>(TrainingOptions.OfRecipe(folder["r.json"]).Validate).Message.ShouldContain(reason);
    }

    [Fact]
    public void Given_TheRecipesOfTheProgram_When_Validated_Then_TheyHold()
    {
        TrainingOptions.OfRecipe("best").Validate();
        TrainingOptions.OfRecipe("paper").Validate();
    }

    [Theory]
    [InlineData(null, 192, null)]
    [InlineData(224, 192, 192)]
    [InlineData(300, 192, 300)]
    public void Given_CropsAtAnotherSize_When_Chosen_Then_TheSideOfTheInputStaysOrGoesAlong(int? side, int inputSize, int? expected)
    {
        var own = new TrainingOptions();
        (own with { Configuration = own.Configuration with { InputSide = side } }).For(Views.Varied, inputSize).Configuration.InputSide.ShouldBe(expected);
    }
}
