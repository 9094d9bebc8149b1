using System.Security.Cryptography;
using System.Text;

namespace CtSeg.Models;

/// <summary><c>models/{version}/signature.json</c>: who vouches for a model.</summary>
/// <param name="KeyId">First 16 hexadecimal characters of SHA-256 over the public key (SubjectPublicKeyInfo).</param>
/// <param name="Algorithm"><see cref="ModelSignatures.Algorithm"/>.</param>
/// <param name="Signature">Base64, 64 bytes: r and s (IEEE P1363).</param>
public sealed record ModelSignature(string KeyId, string Algorithm, string Signature)
{
    public int SchemaVersion { get; init; } = 1;
}

/// <summary>
/// Signs models and checks signatures: ECDSA over P-256 with SHA-256 of the text "ctseg model 1" and a line feed, the SHA-256 of <c>model.json</c>
/// (32 bytes) and that of the weights (32 bytes).
/// </summary>
public static class ModelSignatures
{
    public const string Algorithm = "ecdsa-p256-sha256";
    private const int SignatureBytes = 64;

    /// <param name="privateKey">PEM, of a P-256 key.</param>
    /// <exception cref="UntrustedModelException">It is no such key.</exception>
    public static ModelSignature Sign(string privateKey, BinaryData manifestJson, string weightsSha256)
    {
        ArgumentNullException.ThrowIfNull(manifestJson);
        using var key = Import(privateKey);
        try
        {
            var signature = key.SignData(Signed(manifestJson, weightsSha256), HashAlgorithmName.SHA256);
            return new ModelSignature(KeyIdOf(key), Algorithm, Convert.ToBase64String(signature));
        }
        catch (CryptographicException e)
        {
            throw new UntrustedModelException("The model cannot be signed: the key holds no private part. Give the file that 'models keygen' wrote, not the one that ends in .pub.", e);
        }
    }

    /// <summary>Refuses a model that no trusted key has signed.</summary>
    /// <param name="trusted">Where it holds no key, every model passes.</param>
    /// <param name="signature">Null for an unsigned model.</param>
    /// <param name="weightsSha256">Of the weights as they were read, not only as the manifest names them.</param>
    /// <exception cref="UntrustedModelException">The message says why and what to do.</exception>
    public static void Verify(TrustedKeys trusted, string version, ModelSignature? signature, BinaryData manifestJson, string weightsSha256)
    {
        ArgumentNullException.ThrowIfNull(trusted);
        ArgumentNullException.ThrowIfNull(manifestJson);
        if (trusted.IsEmpty)
            return;
        if (signature is null)
            throw new UntrustedModelException($"The model {version} is not signed, and only signed ones are trusted here: sign it by 'models sign {version}'.");
        if (signature.Algorithm != Algorithm || trusted.Find(signature.KeyId) is not { } key)
            throw new UntrustedModelException($"The model {version} is signed by a key that is not trusted here: sign it by 'models sign {version}', or trust the key.");
        using var imported = Import(key);
        var bytes = new byte[SignatureBytes];
        if (!Convert.TryFromBase64String(signature.Signature, bytes, out var length)
            || !imported.VerifyData(Signed(manifestJson, weightsSha256), bytes.AsSpan(0, length), HashAlgorithmName.SHA256))
            throw new UntrustedModelException($"The signature of the model {version} does not fit its manifest and weights: it was changed after it was signed, and is not used.");
    }

    /// <returns>A new key pair, PEM.</returns>
    public static (string PrivateKey, string PublicKey, string KeyId) NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return (key.ExportPkcs8PrivateKeyPem(), key.ExportSubjectPublicKeyInfoPem(), KeyIdOf(key));
    }

    internal static string KeyIdOf(ECDsa key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..16];

    /// <exception cref="UntrustedModelException">It is no P-256 key in PEM.</exception>
    internal static ECDsa Import(string pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            if (key.ExportParameters(includePrivateParameters: false).Curve.Oid?.Value == ECCurve.NamedCurves.nistP256.Oid.Value)
                return key;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new UntrustedModelException(NoKey, e);
        }
        key.Dispose();
        throw new UntrustedModelException(NoKey);
    }

    private const string NoKey = "A key cannot be read: it must be a P-256 key in PEM, as 'models keygen' writes it.";

    private static byte[] Signed(BinaryData manifestJson, string weightsSha256) =>
        [.. Encoding.ASCII.GetBytes("ctseg model 1\n"), .. SHA256.HashData(manifestJson.ToMemory().Span), .. Convert.FromHexString(weightsSha256)];
}

/// <summary>A model is not signed by a key that is trusted, or a key cannot be used.</summary>
public sealed class UntrustedModelException : Exception
{
    public UntrustedModelException() { }
    public UntrustedModelException(string message) : base(message) { }
    public UntrustedModelException(string message, Exception innerException) : base(message, innerException) { }
}
