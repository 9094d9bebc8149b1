using CtSeg.Local.ServiceBus.Protocol;
using CtSeg.ServiceBus.Authorization;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.ServiceBus.Tests.Protocol;

public sealed class SharedAccessTokensTests
{
    private const string KeyName = "RootManageSharedAccessKey";
    private const string Key = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ=";

    // Made with: printf '%s\n%s' "sb%3A%2F%2F127.0.0.1%2Fjobs" 1767229200 | openssl dgst -sha256 -hmac "$KEY" -binary | base64
    private const string Signature = "D3MWBM/1jgHGq/2C4SWZXsmThWoDimFAvmCcS7XEja8=";

    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(1767225600));

    [Fact]
    public async Task Given_ClientsToken_When_ComparedWithOpenssl_Then_TheSame()
    {
        var source = new SharedAccessTokenSource(KeyName, Key, TimeSpan.FromHours(1), _time);

        var token = await source.GetAsync("sb://127.0.0.1/jobs", TestContext.Current.CancellationToken);

        token.Value.ShouldBe(Token(Signature));
        token.ExpiresAt.ToUnixTimeSeconds().ShouldBe(1767229200);
    }

    [Fact]
    public void Given_TokenSignedByOpenssl_When_Checked_Then_GrantsItsPathUntilItsEnd()
    {
        var verdict = Tokens().Check(Token(Signature));

        verdict.Refusal.ShouldBeNull();
        verdict.Path.ShouldBe("jobs");
        verdict.ExpiresAt.ToUnixTimeSeconds().ShouldBe(1767229200);
    }

    [Fact]
    public void Given_TokenPastItsEnd_When_Checked_Then_Refused()
    {
        _time.Advance(TimeSpan.FromHours(1));

        Tokens().Check(Token(Signature)).Refusal.ShouldBe("The token is expired.");
    }

    [Theory]
    [InlineData("sr=sb%3A%2F%2F127.0.0.1%2Fjobs", "sr=sb%3A%2F%2F127.0.0.1%2Fother")]
    [InlineData("se=1767229200", "se=1767229201")]
    [InlineData("skn=RootManageSharedAccessKey", "skn=Other")]
    [InlineData("SharedAccessSignature ", "Bearer ")]
    [InlineData("&sig=", "&signature=")]
    public void Given_TokenChangedAnywhere_When_Checked_Then_Refused(string part, string replacement)
    {
        var changed = Token(Signature).Replace(part, replacement, StringComparison.Ordinal);

        changed.ShouldNotBe(Token(Signature));
        Tokens().Check(changed).Refusal.ShouldNotBeNull();
    }

    [Fact]
    public void Given_AnotherKey_When_Checked_Then_Refused() =>
        new SharedAccessTokens(KeyName, "b3RoZXI=", _time).Check(Token(Signature)).Refusal.ShouldBe("The token has an invalid signature.");

    [Theory]
    [InlineData("jobs", "jobs", true)]
    [InlineData("jobs/$management", "jobs", true)]
    [InlineData("jobs/$DeadLetterQueue", "JOBS", true)]
    [InlineData("jobs2", "jobs", false)]
    [InlineData("jobs", "jobs/$management", false)]
    [InlineData("anything", "", true)]
    public void Given_PathAndRoot_When_Compared_Then_WithinMeansSameOrBelow(string path, string root, bool expected) =>
        EntityPath.IsWithin(path, root).ShouldBe(expected);

    private SharedAccessTokens Tokens() => new(KeyName, Key, _time);

    private static string Token(string signature) =>
        $"SharedAccessSignature sr=sb%3A%2F%2F127.0.0.1%2Fjobs&sig={Uri.EscapeDataString(signature)}&se=1767229200&skn={KeyName}";
}
