using System.Security.Cryptography.X509Certificates;
using CtSeg.Local.Identity;
using CtSeg.Local.ServiceBus.Configuration;

namespace CtSeg.Local.ServiceBus;

internal sealed record ServiceBusEmulatorOptions(EmulatorConfig Config)
{
    public const string DefaultKeyName = "RootManageSharedAccessKey";

    /// <value>The port on 127.0.0.1; 0 for a free one.</value>
    public int Port { get; init; }

    public string KeyName { get; init; } = DefaultKeyName;

    /// <value>The shared access key (base64); null for a random one.</value>
    public string? Key { get; init; }

    /// <value>
    /// Whether JSON web tokens are taken without a look at their signature, whose keys nobody has here. For tests of
    /// clients that sign in with Entra ID; the expiry and the audience are checked.
    /// </value>
    public bool AcceptUnsignedTokens { get; init; }

    /// <value>
    /// Takes only tokens of this issuer, with their signature checked, as a namespace does whose keys are switched off; null takes those made with the key.
    /// </value>
    public TokenTrust? RequiredIssuer { get; init; }

    /// <value>With its private key: connections are over TLS; null for plain TCP.</value>
    public X509Certificate2? Certificate { get; init; }
}
