using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace CtSeg.Local.Identity;

/// <summary>Whose tokens are taken: the issuer and the public part of its key.</summary>
/// <param name="KeyId">As tokens name the key in their header (<c>kid</c>).</param>
/// <param name="Modulus">Of the RSA key, base64url, as a JSON web key has it.</param>
/// <param name="Exponent">Likewise.</param>
internal sealed record TokenTrust(string Issuer, string KeyId, string Modulus, string Exponent)
{
    /// <summary>Writes it for another process; it holds no secret.</summary>
    public void Write(string file) => File.WriteAllText(file, JsonSerializer.Serialize(this));

    /// <exception cref="TokenTrustException">The file cannot be read, or holds something else.</exception>
    public static TokenTrust Read(string file)
    {
        try
        {
            var trust = JsonSerializer.Deserialize<TokenTrust>(File.ReadAllText(file));
            if (trust is not { Issuer.Length: > 0, KeyId.Length: > 0, Modulus: not null, Exponent: not null })
                throw new TokenTrustException($"The file '{file}' names no issuer of tokens with its key: give one that ./ctseg up --identity wrote.");
            using var key = trust.OpenKey();
            return trust;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException or CryptographicException)
        {
            throw new TokenTrustException($"The issuer of tokens in '{file}' cannot be read ({e.GetType().Name}): give a file that ./ctseg up --identity wrote.", e);
        }
    }

    public RSA OpenKey() => RSA.Create(new RSAParameters { Modulus = Base64Url.DecodeFromChars(Modulus), Exponent = Base64Url.DecodeFromChars(Exponent) });
}

/// <summary>There is no usable issuer of tokens; the message says what to give.</summary>
internal sealed class TokenTrustException : Exception
{
    public TokenTrustException() { }
    public TokenTrustException(string message) : base(message) { }
    public TokenTrustException(string message, Exception innerException) : base(message, innerException) { }
}
