using System.Security.Cryptography;

namespace CtSeg.Models;

/// <summary>Public keys whose signatures make a model trusted; none where models need no signature.</summary>
public sealed class TrustedKeys
{
    private readonly IReadOnlyDictionary<string, string> _pems;

    private TrustedKeys(IReadOnlyDictionary<string, string> pems) => _pems = pems;

    public static TrustedKeys None { get; } = new(new Dictionary<string, string>());

    public bool IsEmpty => _pems.Count == 0;

    public IEnumerable<string> Ids => _pems.Keys;

    /// <param name="setting">Public keys in PEM, one after the other, or a file that holds them; null or empty for none.</param>
    /// <exception cref="UntrustedModelException">Something is set, but it holds no usable key.</exception>
    public static TrustedKeys Read(string? setting)
    {
        if (string.IsNullOrWhiteSpace(setting))
            return None;
        var text = setting.Contains("-----BEGIN", StringComparison.Ordinal) ? setting : ReadFile(setting);
        var pems = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var rest = text.AsSpan(); PemEncoding.TryFind(rest, out var fields); rest = rest[fields.Location.End..])
        {
            using var key = ModelSignatures.Import(rest[fields.Location].ToString());
            // Of a private key given by mistake, too, only the public part is kept.
            pems[ModelSignatures.KeyIdOf(key)] = key.ExportSubjectPublicKeyInfoPem();
        }
        return pems.Count > 0
            ? new TrustedKeys(pems)
            : throw new UntrustedModelException("The trusted keys hold none: give public keys in PEM, as 'models keygen' writes them, or a file with them.");
    }

    /// <returns>PEM; null for a key that is not trusted.</returns>
    internal string? Find(string keyId) => _pems.GetValueOrDefault(keyId);

    private static string ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UntrustedModelException($"The file of trusted keys '{path}' cannot be read: {e.Message}", e);
        }
    }
}
