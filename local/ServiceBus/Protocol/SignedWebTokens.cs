using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CtSeg.Local.Identity;

namespace CtSeg.Local.ServiceBus.Protocol;

/// <summary>
/// Checks JSON web tokens as Service Bus does: RS256 by the trusted key, issuer, audience, begin and end. Roles are not looked at: whoever has a token may
/// use every queue.
/// </summary>
internal sealed class SignedWebTokens(TokenTrust trust, TimeProvider time) : IWebTokens, IDisposable
{
    private const string ServiceAudience = "https://servicebus.azure.net";

    private readonly RSA _key = trust.OpenKey();

    public TokenVerdict Check(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3)
            return TokenVerdict.Refused("The token is not a JSON web token.");
        try
        {
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]));
            if (header.RootElement.GetProperty("alg").GetString() != "RS256" || header.RootElement.GetProperty("kid").GetString() != trust.KeyId)
                return TokenVerdict.Refused("The token is not signed with a known key.");
            if (!_key.VerifyData(Encoding.UTF8.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))
                return TokenVerdict.Refused("The token has an invalid signature.");
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            return Check(claims.RootElement);
        }
        catch (Exception e) when (e is FormatException or JsonException or KeyNotFoundException or InvalidOperationException or ArgumentOutOfRangeException)
        {
            return TokenVerdict.Refused("The token cannot be read.");
        }
    }

    public void Dispose() => _key.Dispose();

    private TokenVerdict Check(JsonElement claims)
    {
        var now = time.GetUtcNow();
        var expiresAt = Time("exp");
        if (claims.GetProperty("iss").GetString() != trust.Issuer)
            return TokenVerdict.Refused("The token is from another issuer.");
        if (claims.GetProperty("aud").GetString()?.TrimEnd('/') != ServiceAudience)
            return TokenVerdict.Refused("The token is for another audience.");
        if (Time("nbf") > now)
            return TokenVerdict.Refused("The token is not valid yet.");
        return expiresAt <= now ? TokenVerdict.Refused("The token is expired.") : new TokenVerdict("", expiresAt, Refusal: null);

        DateTimeOffset Time(string claim) => DateTimeOffset.FromUnixTimeSeconds(claims.GetProperty(claim).GetInt64());
    }
}
