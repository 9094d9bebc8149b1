using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace CtSeg.Local.Identity;

/// <summary>A token for one service.</summary>
internal sealed record IssuedToken(string Value, DateTimeOffset ExpiresAt);

/// <summary>
/// Issues JSON web tokens as Entra ID does, signed with a key that lives as long as this object. Azurite wants the address of Entra ID as issuer; the
/// tenant in it is made up anew each time.
/// </summary>
internal sealed class TokenIssuer : IDisposable
{
    private const int KeyBits = 2048;
    private static readonly TimeSpan ClockDifference = TimeSpan.FromSeconds(5);

    private readonly RSA _key = RSA.Create(KeyBits);
    private readonly string _keyId = Guid.NewGuid().ToString("N");
    private readonly string _tenant = Guid.NewGuid().ToString("D");
    private readonly TimeSpan _lifetime;
    private readonly TimeProvider _time;
    private int _issued;

    public TokenIssuer(TimeSpan lifetime, TimeProvider time)
    {
        _lifetime = lifetime;
        _time = time;
    }

    public string Issuer => $"https://sts.windows.net/{_tenant}/";

    /// <value>Tokens issued so far.</value>
    public int Issued => Volatile.Read(ref _issued);

    /// <summary>The identity that all programs share; its client id.</summary>
    public string ClientId { get; } = Guid.NewGuid().ToString("D");

    /// <summary>Who the tokens are from and how their signature is checked.</summary>
    public TokenTrust Trust
    {
        get
        {
            var key = _key.ExportParameters(includePrivateParameters: false);
            return new TokenTrust(Issuer, _keyId, Base64Url.EncodeToString(key.Modulus), Base64Url.EncodeToString(key.Exponent));
        }
    }

    /// <param name="audience">For example <c>https://storage.azure.com</c>.</param>
    public IssuedToken Issue(string audience)
    {
        var now = _time.GetUtcNow();
        var expiresAt = DateTimeOffset.FromUnixTimeSeconds((now + _lifetime).ToUnixTimeSeconds());
        var begins = (now - ClockDifference).ToUnixTimeSeconds();
        var header = new JsonObject { ["typ"] = "JWT", ["alg"] = "RS256", ["kid"] = _keyId };
        var claims = new JsonObject
        {
            ["aud"] = audience,
            ["iss"] = Issuer,
            ["iat"] = begins,
            ["nbf"] = begins,
            ["exp"] = expiresAt.ToUnixTimeSeconds(),
            ["appid"] = ClientId,
            ["oid"] = ClientId,
            ["sub"] = ClientId,
            ["tid"] = _tenant,
            ["uti"] = Interlocked.Increment(ref _issued).ToString(CultureInfo.InvariantCulture),
            ["ver"] = "1.0",
        };
        var signed = $"{Encode(header)}.{Encode(claims)}";
        var signature = _key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return new IssuedToken($"{signed}.{Base64Url.EncodeToString(signature)}", expiresAt);
    }

    public void Dispose() => _key.Dispose();

    private static string Encode(JsonObject part) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(part.ToJsonString()));
}
