using System.Buffers.Text;
using System.Text.Json;

namespace CtSeg.Local.ServiceBus.Protocol;

/// <summary>Checks tokens of Entra ID.</summary>
internal interface IWebTokens
{
    TokenVerdict Check(string token);
}

/// <summary>Reads the expiry and the audience of a JSON web token and ignores its signature: only behind an option, for tests.</summary>
internal sealed class UnsignedWebTokens(TimeProvider time) : IWebTokens
{
    private const string ServiceAudience = "https://servicebus.azure.net";

    public TokenVerdict Check(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3)
            return TokenVerdict.Refused("The token is not a JSON web token.");
        try
        {
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            var audience = claims.RootElement.GetProperty("aud").GetString();
            var expiresAt = DateTimeOffset.FromUnixTimeSeconds(claims.RootElement.GetProperty("exp").GetInt64());
            if (audience?.TrimEnd('/') != ServiceAudience)
                return TokenVerdict.Refused("The token is for another audience.");
            return expiresAt <= time.GetUtcNow() ? TokenVerdict.Refused("The token is expired.") : new TokenVerdict("", expiresAt, Refusal: null);
        }
        catch (Exception e) when (e is FormatException or JsonException or KeyNotFoundException or InvalidOperationException or ArgumentOutOfRangeException)
        {
            return TokenVerdict.Refused("The claims of the token cannot be read.");
        }
    }
}
