using CtSeg.TrainingJob.Letters;

namespace CtSeg.TrainingJob.Tests.Letters;

public sealed class LetterCauseTests
{
    [Theory]
    [InlineData("MaxDeliveryCountExceeded", "max-delivery-count-exceeded")]
    [InlineData("TTLExpiredException", "ttl-expired")]
    [InlineData("inference-failed", "inference-failed")]
    [InlineData("unreadable-message", "unreadable-message")]
    [InlineData("GaveUp", "gave-up")]
    [InlineData("scan 0011223344556677 failed at 12:30", "scan-failed-at")]
    [InlineData("run 0f8fad5b-d9cb-469f-a165-70867728950e lost", "run-lost")]
    [InlineData("MaxDeliveryAttemptsExceeded NotFound", "max-delivery-attempts-exceeded-not-found")]
    [InlineData("", "unknown")]
    [InlineData(null, "unknown")]
    [InlineData("7", "unknown")]
    public void Given_AReason_When_Normalised_Then_TheSameCauseIsTheSameText(string? reason, string cause) => LetterCause.Of(reason).ShouldBe(cause);

    [Fact]
    public void Given_ALongReason_When_Normalised_Then_ItIsCutBetweenWords() =>
        LetterCause.Of(string.Join(' ', Enumerable.Repeat("word", 100))).ShouldBe(string.Join('-', Enumerable.Repeat("word", 12)));
}
