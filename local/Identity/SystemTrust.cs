namespace CtSeg.Local.Identity;

/// <summary>The certificates that this Linux trusts: SSL_CERT_FILE replaces them, so that a file named there must hold them too.</summary>
internal static class SystemTrust
{
    private const string Variable = "SSL_CERT_FILE";
    private static readonly string[] Bundles =
        ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"];

    /// <returns>PEM; empty where the system has none, as small containers have not.</returns>
    public static string ReadPem() =>
        Bundles.Prepend(Environment.GetEnvironmentVariable(Variable) ?? "").FirstOrDefault(File.Exists) is { } bundle ? File.ReadAllText(bundle) : "";
}
