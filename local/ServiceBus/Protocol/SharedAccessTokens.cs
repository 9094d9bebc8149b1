using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CtSeg.Local.ServiceBus.Protocol;

/// <summary>What a token grants: the entities below a path, until a time; or why it grants nothing.</summary>
internal sealed record TokenVerdict(string Path, DateTimeOffset ExpiresAt, string? Refusal)
{
    public static TokenVerdict Refused(string why) => new("", DateTimeOffset.MinValue, why);
}

/// <summary>
/// Checks <c>SharedAccessSignature sr=…&amp;sig=…&amp;se=…&amp;skn=…</c>: sig is the HMAC-SHA256, under the key's text, of
/// the encoded resource, a line feed and the expiry in Unix seconds.
/// </summary>
internal sealed class SharedAccessTokens(string keyName, string key, TimeProvider time)
{
    private const string Scheme = "SharedAccessSignature ";
    private readonly byte[] _key = Encoding.UTF8.GetBytes(key);

    public TokenVerdict Check(string token)
    {
        if (!token.StartsWith(Scheme, StringComparison.Ordinal))
            return TokenVerdict.Refused("The token is not a shared access signature.");
        var fields = Fields(token[Scheme.Length..]);
        if (!fields.TryGetValue("sr", out var resource) || !fields.TryGetValue("sig", out var signature)
            || !fields.TryGetValue("se", out var expiry) || !fields.TryGetValue("skn", out var name))
            return TokenVerdict.Refused("The token lacks one of sr, sig, se and skn.");
        if (name != keyName || !IsSignedWithKey(resource, expiry, Uri.UnescapeDataString(signature)))
            return TokenVerdict.Refused("The token has an invalid signature.");
        if (!long.TryParse(expiry, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
            return TokenVerdict.Refused("The expiry of the token is not a time in Unix seconds.");
        var expiresAt = DateTimeOffset.FromUnixTimeSeconds(seconds);
        return expiresAt <= time.GetUtcNow()
            ? TokenVerdict.Refused("The token is expired.")
            : new TokenVerdict(EntityPath.Of(Uri.UnescapeDataString(resource)), expiresAt, Refusal: null);
    }

    private static Dictionary<string, string> Fields(string text)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in text.Split('&'))
        {
            var equals = field.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
                fields[field[..equals]] = field[(equals + 1)..];
        }
        return fields;
    }

    private bool IsSignedWithKey(string resource, string expiry, string signature)
    {
        var expected = HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{resource}\n{expiry}"));
        Span<byte> given = stackalloc byte[expected.Length];
        return Convert.TryFromBase64String(signature, given, out var length)
            && CryptographicOperations.FixedTimeEquals(expected, given[..length]);
    }
}
