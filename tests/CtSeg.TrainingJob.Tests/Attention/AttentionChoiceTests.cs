using CtSeg.Models;
using CtSeg.TrainingJob.Attention;

namespace CtSeg.TrainingJob.Tests.Attention;

public sealed class AttentionChoiceTests
{
    [Fact]
    public void Given_TwoRounds_When_Decided_Then_NoLevelIsExact() =>
        AttentionChoice.Decide(new ModelConfiguration { AttentionLevels = [0, 1, 2, 3] }, 64).ExactAttentionLevels.ShouldBeEmpty();

    [Theory]
    [InlineData(369, "")]
    [InlineData(128, "3")]
    [InlineData(64, "2,3")]
    public void Given_EightRounds_When_Decided_Then_LevelsOfFewTokensAreExact(int inputSize, string levels) =>
        string.Join(',', AttentionChoice.Decide(new ModelConfiguration { AttentionLevels = [0, 1, 2, 3], Rounds = 8 }, inputSize).ExactAttentionLevels)
            .ShouldBe(levels);

    [Fact]
    public void Given_NoAttention_When_Decided_Then_NoLevelIsExact() =>
        AttentionChoice.Decide(new ModelConfiguration { Architecture = Architectures.UNet, Rounds = 16 }, 64).ExactAttentionLevels.ShouldBeEmpty();

    [Fact]
    public void Given_AnExactLevelThatDoesNotAttend_When_Validated_Then_Refused() =>
        Should.Throw<InvalidDataException>(new ModelConfiguration { AttentionLevels = [3], ExactAttentionLevels = [2] }.Validate)
            .Message.ShouldContain("exact attention");
}
