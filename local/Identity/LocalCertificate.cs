using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CtSeg.Local.Identity;

/// <summary>
/// The certificate of the servers on 127.0.0.1, and the one that signed it, made for one run. The key that signed it is forgotten at once: nobody can make
/// another certificate that is trusted.
/// </summary>
internal sealed class LocalCertificate : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private static readonly TimeSpan ClockDifference = TimeSpan.FromMinutes(5);
    // Longer than anybody leaves a laptop running, shorter than libraries refuse.
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(90);

    private LocalCertificate(X509Certificate2 root, string folder)
    {
        Root = root;
        File = Path.Combine(folder, "server.pem");
        KeyFile = Path.Combine(folder, "server.key");
        TrustFile = Path.Combine(folder, "trusted.pem");
    }

    public X509Certificate2 Root { get; }

    /// <value>PEM, the server's certificate.</value>
    public string File { get; }

    /// <value>PEM, its private key; only its owner may read it.</value>
    public string KeyFile { get; }

    /// <value>PEM: the certificates that the system trusts, and <see cref="Root"/>. For the variable <c>SSL_CERT_FILE</c>.</value>
    public string TrustFile { get; }

    /// <param name="folder">Takes the files.</param>
    public static LocalCertificate Create(string folder, TimeProvider time)
    {
        Directory.CreateDirectory(folder);
        var (begins, ends) = (time.GetUtcNow() - ClockDifference, time.GetUtcNow() + Lifetime);
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest("CN=CtSeg on this machine for one run", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        rootRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        rootRequest.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(rootRequest.PublicKey, critical: false));
        using var root = rootRequest.CreateSelfSigned(begins, ends);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var server = request.Create(root, begins, ends, RandomNumberGenerator.GetBytes(16));

        var made = new LocalCertificate(X509CertificateLoader.LoadCertificate(root.RawData), folder);
        System.IO.File.WriteAllText(made.File, server.ExportCertificatePem() + "\n");
        SecretFile.Write(made.KeyFile, key.ExportPkcs8PrivateKeyPem() + "\n");
        System.IO.File.WriteAllText(made.TrustFile, $"{SystemTrust.ReadPem()}\n{root.ExportCertificatePem()}\n");
        return made;
    }

    public void Dispose() => Root.Dispose();
}
