using CsCheck;
using CtSeg.Contracts;

namespace CtSeg.Shared.Tests.Contracts;

public sealed class ScanIdTests
{
    // printf 'case1/slice-001.dcm\0\0\1\2\377\376\200' | sha256sum and so on
    [Theory]
    [InlineData("case1/slice-001.dcm", "000102FFFE80", "d045aac0546f2e3a")]
    [InlineData("a.png", "", "cc8441e869352159")]
    [InlineData("ordner/ä 1.png", "616263", "4edb63746dcd738d")]
    public async Task Given_PathAndContent_When_Hashed_Then_AsSha256Sum(string path, string hex, string expected)
    {
        var content = Convert.FromHexString(hex);
        ScanId.FromContent(path, content).ToString().ShouldBe(expected);
        using var stream = new MemoryStream(content);
        (await ScanId.FromContentAsync(path, stream, TestContext.Current.CancellationToken)).ToString().ShouldBe(expected);
    }

    // printf 'big.png\0000x8DC0FFEE' | sha256sum
    [Theory]
    [InlineData("\"0x8DC0FFEE\"")]
    [InlineData("0x8DC0FFEE")]
    public void Given_ETag_When_Hashed_Then_QuotesDoNotCount(string etag) =>
        ScanId.FromETag("big.png", etag).ToString().ShouldBe("c607b4cdd14b30af");

    [Fact]
    public Task Given_AnyContent_When_Streamed_Then_SameId() =>
        Gen.Byte.Array[0, 200_000].SampleAsync(async content =>
        {
            using var stream = new MemoryStream(content);
            (await ScanId.FromContentAsync("a.png", stream, CancellationToken.None)).ShouldBe(ScanId.FromContent("a.png", content));
        }, iter: 50);

    [Fact]
    public void Given_PathRunsIntoContent_When_Hashed_Then_IdsDiffer() =>
        ScanId.FromContent("ab", "c"u8).ShouldNotBe(ScanId.FromContent("a", "bc"u8));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("001122334455667")]
    [InlineData("00112233445566778")]
    [InlineData("001122334455667A")]
    [InlineData("001122334455667/")]
    [InlineData("../../../../../.")]
    public void Given_NoId_When_Parsed_Then_Refused(string? text)
    {
        ScanId.TryParse(text, out _).ShouldBeFalse();
        Should.Throw<FormatException>(() => ScanId.Parse(text ?? ""));
    }

    [Fact]
    public void Given_NeverSet_When_Written_Then_Refused() =>
        Should.Throw<InvalidOperationException>(() => default(ScanId).ToString());

    [Fact]
    public void Given_Id_When_Parsed_Then_SameText() => ScanId.Parse("0011223344556677").ToString().ShouldBe("0011223344556677");
}
