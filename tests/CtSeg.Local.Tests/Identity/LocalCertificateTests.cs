using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using CtSeg.Local.Identity;

namespace CtSeg.Local.Tests.Identity;

public sealed class LocalCertificateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ctseg-certificate-").FullName;
    private readonly LocalCertificate _certificate;

    public LocalCertificateTests() => _certificate = LocalCertificate.Create(_folder, TimeProvider.System);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _certificate.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(true, "127.0.0.1", true)]
    [InlineData(true, "127.0.0.2", false)]
    [InlineData(true, "localhost", false)]
    [InlineData(false, "127.0.0.1", false)]
    public async Task Given_AServer_When_AClientConnects_Then_OnlyThatAddressIsTrustedAndOnlyByThoseWhoHaveTheRoot(bool hasRoot, string name, bool connects)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        var accepting = listener.AcceptTcpClientAsync(Stop);
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, Stop);
        using var served = await accepting;
        using var certificate = X509Certificate2.CreateFromPemFile(_certificate.File, _certificate.KeyFile);
        await using var server = new SslStream(served.GetStream());
        await using var stream = new SslStream(client.GetStream());
        var serving = server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, Stop);
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        if (hasRoot)
            policy.CustomTrustStore.Add(_certificate.Root);

        var connecting = stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = name, CertificateChainPolicy = policy }, Stop);

        if (connects)
            await Task.WhenAll(connecting, serving);
        else
            await Should.ThrowAsync<AuthenticationException>(connecting);
    }

    [Fact]
    public void Given_AFolder_When_Created_Then_TheKeyIsForItsOwnerAndTheTrustFileKeepsTheSystems()
    {
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(_certificate.KeyFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var trusted = new X509Certificate2Collection();
        trusted.ImportFromPemFile(_certificate.TrustFile);
        trusted.Count.ShouldBe(1 + System.Text.RegularExpressions.Regex.Count(SystemTrust.ReadPem(), "BEGIN CERTIFICATE"));
        trusted.ShouldContain(one => one.Thumbprint == _certificate.Root.Thumbprint);
        Directory.GetFiles(_folder).Length.ShouldBe(3);
    }
}
