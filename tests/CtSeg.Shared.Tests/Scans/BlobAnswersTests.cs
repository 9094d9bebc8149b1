using Azure;
using CtSeg.Scans;

namespace CtSeg.Shared.Tests.Scans;

public sealed class BlobAnswersTests
{
    [Theory]
    [InlineData("\"0x8DE\"")]
    [InlineData("0x8DE")]
    [InlineData("")]
    [InlineData(null)]
    public void Given_TheVersionTold_When_Compared_Then_QuotesAndIgnoranceDoNotMatter(string? told)
    {
        Assert.True(BlobAnswers.IsVersion(new ETag("0x8DE"), told));
        Assert.True(BlobAnswers.IsVersion(new ETag("\"0x8DE\""), told));
    }

    [Theory]
    [InlineData("\"0x8DF\"")]
    [InlineData("0x8DF")]
    [InlineData("0x8de")]
    [InlineData("0x8D")]
    public void Given_AnotherVersionTold_When_Compared_Then_ItIsNotThatOne(string told) =>
        Assert.False(BlobAnswers.IsVersion(new ETag("\"0x8DE\""), told));
}
