using CtSeg.Local.Identity;
using CtSeg.Local.ServiceBus.Protocol;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.ServiceBus.Tests.Protocol;

public sealed class SignedWebTokensTests : IDisposable
{
    // Made with: openssl genrsa 1024; openssl dgst -sha256 -sign KEY of "header.claims", all in base64url.
    private const string Modulus = "rKAna3985776iEdsigvUOQ_HbRhtERjvYt-TCB2OVonHjmWdr0g_VGm2yNQ9DwBeHNcPF861eB40VroN-2If6EYWGYpOrvWI8S3ElUBStaQJosHE_YtU-RfTvho4TsgrwL9pbvne8UZZfxEdoUDE6Ynmo7Sc6BLlfdVJbQ0HROU";
    private const string Header = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0";
    // {"aud":"https://servicebus.azure.net","iss":"https://sts.windows.net/t/","nbf":1767225600,"exp":1767229200}
    private const string Claims = "eyJhdWQiOiJodHRwczovL3NlcnZpY2VidXMuYXp1cmUubmV0IiwiaXNzIjoiaHR0cHM6Ly9zdHMud2luZG93cy5uZXQvdC8iLCJuYmYiOjE3NjcyMjU2MDAsImV4cCI6MTc2NzIyOTIwMH0";
    private const string Signature = "d2_gnvMPwvFA1MHubMeLkUeHozVLP1lBu3bK2ZtbTbUoirjsYVMUzREyh19Kw3rg0ZF0vUJPKmFy1RghpMG1Iea9_skc5NlWiMwT1vT5igckwjskcAI486yOY7EVsJSo7Dd-dc1POKDHml3cl8cvn_wLfPZZwae-yyhf9KwrbC8";

    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(1767225600));
    private readonly SignedWebTokens _tokens;

    public SignedWebTokensTests() => _tokens = new SignedWebTokens(new TokenTrust("https://sts.windows.net/t/", "k1", Modulus, "AQAB"), _time);

    public void Dispose() => _tokens.Dispose();

    [Fact]
    public void Given_ATokenSignedByOpenssl_When_Checked_Then_GrantsAllUntilItsEnd()
    {
        var verdict = _tokens.Check($"{Header}.{Claims}.{Signature}");

        (verdict.Refusal, verdict.Path).ShouldBe((null, ""));
        verdict.ExpiresAt.ToUnixTimeSeconds().ShouldBe(1767229200);
    }

    [Theory]
    // Its header says "none".
    [InlineData("eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIiwia2lkIjoiazEifQ", Claims, "C-kf_0XmKlcHWlxyXv4TkTis92wRi6_q18khKMyfXSpWIDof3EJzwjZSKDb8KMrSmfX_ZjyzqElJjIDUwhxMq4nDZwlV8asH2wPQWy1HFRAxNsIKKSYxNIKjp8BOSPaB3CemTOXR_46v9f9COa62sEfbsA232H_n1uUi1ajtkOA", "known key")]
    // Of key k2.
    [InlineData("eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImtpZCI6ImsyIn0", Claims, "WvjN-E2HpEM59IS6XG1NRIINXyntNK1VHqGlvde0aNoLy1jnPobOG5rxiOU97KWHOHKorvA2qxVWCHoe-NJymPLJS0fdjepQGEP-6BK64pRTFczvmpOmZBQ4qzgyYtxZt17UWf9gqeat5wItnnM2IbHuvfsrb6qKYD7FdRSn3o8", "known key")]
    // Signed with another key.
    [InlineData(Header, Claims, "3mwHSKwUZOpi6BiInnokfKSmY_P2PQ_EJzjmev2yBv2YIcZelylcD0EkSiqMxIA_ropip6UlM9kMX_8amJIUSX6RLhDMDwGHuk2zJ0rJlGSi_UZOc9-Wm4g1b2q-Wzyic_GECFRLZDMLIbSOk8K_lKgZhKA3gtB3DAinXjROM-s", "invalid signature")]
    // Of another issuer.
    [InlineData(Header, "eyJhdWQiOiJodHRwczovL3NlcnZpY2VidXMuYXp1cmUubmV0IiwiaXNzIjoiaHR0cHM6Ly9zdHMud2luZG93cy5uZXQvdS8iLCJuYmYiOjE3NjcyMjU2MDAsImV4cCI6MTc2NzIyOTIwMH0", "gWBA-w2WsY27QUr0LNKr9Lm2m5_4lQ3c9Tx2ZWnEk9LzRI9qqFuD2MmQ9dx-7EmtBp-sdQMm6CsT_-xMMwTRkSLQ41KIpKwp8sqkDvQLER4Yi14Kddsa_UUtmgQiS8kIHJUyy-Ec3NnNNxOmLIWzHpPiPR7hvw8ShaW1PoPr_sA", "another issuer")]
    // For storage.
    [InlineData(Header, "eyJhdWQiOiJodHRwczovL3N0b3JhZ2UuYXp1cmUuY29tIiwiaXNzIjoiaHR0cHM6Ly9zdHMud2luZG93cy5uZXQvdC8iLCJuYmYiOjE3NjcyMjU2MDAsImV4cCI6MTc2NzIyOTIwMH0", "iByw_ohz5chZ9uoEL3s0CP68Yg5-koFg_KO7v_qLXCalx-4tkPsc4EHO2N3Wdy1A_sr0hEQcHz7VeuDfF29j8RwJ8DhNeM6HrhSd9NXeq4kF79nCzuAvVyPBcJmA9TbeacAi5mENa4EeFm_yI_1moPpgXhAOEGi0Ge1_7gZyNCU", "another audience")]
    // Without an end.
    [InlineData(Header, "eyJhdWQiOiJodHRwczovL3NlcnZpY2VidXMuYXp1cmUubmV0IiwiaXNzIjoiaHR0cHM6Ly9zdHMud2luZG93cy5uZXQvdC8iLCJuYmYiOjE3NjcyMjU2MDB9", "ifR5s1evEMyF4B---W2639x6yevSIqNQ13Y9aMVW4OxufednDVjftarDYr1w7Z6-B8sdlfeYWc8z2hFSkck3d1NdaCEBrQbJyQDIKg8Y3hQAWpePXTWMTPmxr_7f94Kx9hZGwSzlWefDP1-U8O-rEE1ofrLiQwsWJ8AIsi3euGY", "cannot be read")]
    [InlineData(Header, Claims, "", "invalid signature")]
    [InlineData("!", Claims, Signature, "cannot be read")]
    public void Given_AWrongToken_When_Checked_Then_Refused(string header, string claims, string signature, string why) =>
        _tokens.Check($"{header}.{claims}.{signature}").Refusal.ShouldNotBeNull().ShouldContain(why);

    [Theory]
    [InlineData(-1, "not valid yet")]
    [InlineData(3600, "expired")]
    public void Given_ATokenOutsideItsTime_When_Checked_Then_Refused(int seconds, string why)
    {
        var tokens = new SignedWebTokens(
            new TokenTrust("https://sts.windows.net/t/", "k1", Modulus, "AQAB"), new FakeTimeProvider(_time.GetUtcNow().AddSeconds(seconds)));
        using (tokens)
            tokens.Check($"{Header}.{Claims}.{Signature}").Refusal.ShouldNotBeNull().ShouldContain(why);
    }

    [Fact]
    public void Given_OurIssuer_When_ItsTokenIsChecked_Then_Granted()
    {
        using var issuer = new TokenIssuer(TimeSpan.FromMinutes(1), _time);
        using var tokens = new SignedWebTokens(issuer.Trust, _time);

        var verdict = tokens.Check(issuer.Issue("https://servicebus.azure.net").Value);

        verdict.Refusal.ShouldBeNull();
        verdict.ExpiresAt.ShouldBe(_time.GetUtcNow().AddMinutes(1));
    }
}
