using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Azure.Core;
using Azure.Core.Pipeline;
using CtSeg.Configuration;
using CtSeg.Local.Processes;

namespace CtSeg.Local.Identity;

/// <summary>What stands in for Entra ID and managed identities on this machine: issuer, endpoint and certificate of one stack.</summary>
internal sealed class LocalIdentity : IAsyncDisposable
{
    private readonly TokenIssuer _issuer;
    private readonly IdentityEndpoint _endpoint;

    private LocalIdentity(TokenIssuer issuer, IdentityEndpoint endpoint, LocalCertificate certificate, string trustFile)
    {
        _issuer = issuer;
        _endpoint = endpoint;
        Certificate = certificate;
        TokenTrustFile = trustFile;
        Credential = new OwnCredential(issuer);
    }

    public LocalCertificate Certificate { get; }

    /// <value>For the emulator: whose tokens to take.</value>
    public string TokenTrustFile { get; }

    public string ClientId => _issuer.ClientId;

    /// <value>Tokens issued so far.</value>
    public int Issued => _issuer.Issued;

    /// <summary>For this process, which has the issuer itself.</summary>
    public TokenCredential Credential { get; }

    /// <summary>What other processes need, as App Service gives it to its apps; and which certificates to trust.</summary>
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["IDENTITY_ENDPOINT"] = _endpoint.Address.ToString(),
        ["IDENTITY_HEADER"] = _endpoint.Header,
        ["SSL_CERT_FILE"] = Certificate.TrustFile,
        [ConnectionIdentity.DefaultClientId] = ClientId,
    };

    /// <param name="folder">Takes the files; made here.</param>
    /// <param name="tokenLifetime">Of each token.</param>
    /// <exception cref="StartFailedException">Programs of this system cannot be told which certificates to trust.</exception>
    public static async Task<LocalIdentity> StartAsync(string folder, TimeSpan tokenLifetime, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
            throw new StartFailedException("--identity works on Linux only, where SSL_CERT_FILE tells programs which certificates to trust: leave it out here.");
        var certificate = LocalCertificate.Create(folder, time);
        var issuer = new TokenIssuer(tokenLifetime, time);
        var trustFile = Path.Combine(folder, "token-issuer.json");
        issuer.Trust.Write(trustFile);
        return new LocalIdentity(issuer, await IdentityEndpoint.StartAsync(issuer, cancellationToken), certificate, trustFile);
    }

    /// <summary>For clients of this process, whose own trust was fixed before the certificate was made.</summary>
    public HttpPipelineTransport CreateTransport() => new HttpClientTransport(new HttpClient(new SocketsHttpHandler
    {
        UseProxy = false,
        SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = CreateChainPolicy() },
    }));

    public X509ChainPolicy CreateChainPolicy()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(Certificate.Root);
        return policy;
    }

    /// <summary>A token for the service, as the endpoint gives it.</summary>
    public IssuedToken Issue(string audience) => _issuer.Issue(audience);

    public async ValueTask DisposeAsync()
    {
        await _endpoint.DisposeAsync();
        _issuer.Dispose();
        Certificate.Dispose();
    }

    private sealed class OwnCredential(TokenIssuer issuer) : TokenCredential
    {
        private const string AnyRight = "/.default";

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            var token = issuer.Issue(requestContext.Scopes.Single().Replace(AnyRight, "", StringComparison.Ordinal));
            return new AccessToken(token.Value, token.ExpiresAt);
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            ValueTask.FromResult(GetToken(requestContext, cancellationToken));
    }
}
