using System.Diagnostics.CodeAnalysis;
using CtSeg.Contracts;
using CtSeg.Models;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>The private key that the job signs its models with. It goes into no message and no log.</summary>
internal sealed class SigningKey
{
    private readonly string _pem;

    private SigningKey(string pem, string id) => (_pem, Id) = (pem, id);

    /// <value>Of its public key, as signatures name it.</value>
    public string Id { get; }

    /// <param name="setting">A private key in PEM, or a file that holds it, as 'models keygen' writes it; null or empty for none.</param>
    /// <exception cref="UntrustedModelException">Something is set, but it is no key that can sign.</exception>
    public static SigningKey? Read(string? setting)
    {
        if (string.IsNullOrWhiteSpace(setting))
            return null;
        var pem = setting.Contains("-----BEGIN", StringComparison.Ordinal) ? setting : ReadFile(setting);
        try
        {
            return new SigningKey(pem, ModelSignatures.Sign(pem, BinaryData.Empty, new string('0', 64)).KeyId);
        }
        catch (UntrustedModelException e)
        {
            throw new UntrustedModelException($"{Settings.ModelSigningKey} cannot be used. {e.Message}", e);
        }
    }

    public Task<ModelSignature> SignAsync(ModelStore models, string version, CancellationToken cancellationToken) => models.SignAsync(version, _pem, cancellationToken);

    [SuppressMessage("Design", "MA0054", Justification = "The caught exception quotes what was taken for a path, and that may be a key without its first line.")]
    private static string ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UntrustedModelException(
                $"{Settings.ModelSigningKey} is neither a private key in PEM nor a file that can be read ({e.GetType().Name}): give the file that 'models keygen' wrote.");
        }
    }
}
