using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Core;

namespace CtSeg.ServiceBus.Authorization;

/// <summary>A token for <c>$cbs</c>. <paramref name="Type"/> is the type as put-token names it.</summary>
internal sealed record CbsToken(string Value, string Type, DateTimeOffset ExpiresAt);

internal interface ITokenSource
{
    Task<CbsToken> GetAsync(string audience, CancellationToken cancellationToken);
}

/// <summary>Signs tokens with a shared access key: HMAC-SHA256, under the key's text, of the encoded audience, a line feed and the expiry in Unix seconds.</summary>
internal sealed class SharedAccessTokenSource(string keyName, string key, TimeSpan lifetime, TimeProvider time) : ITokenSource
{
    private readonly byte[] _key = Encoding.UTF8.GetBytes(key);

    public Task<CbsToken> GetAsync(string audience, CancellationToken cancellationToken)
    {
        var expiresAt = DateTimeOffset.FromUnixTimeSeconds((time.GetUtcNow() + lifetime).ToUnixTimeSeconds());
        var resource = Uri.EscapeDataString(audience);
        var expiry = expiresAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = Convert.ToBase64String(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{resource}\n{expiry}")));
        var token = $"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(signature)}&se={expiry}&skn={keyName}";
        return Task.FromResult(new CbsToken(token, "servicebus.windows.net:sastoken", expiresAt));
    }
}

/// <summary>Tokens of Entra ID.</summary>
internal sealed class EntraTokenSource(TokenCredential credential) : ITokenSource
{
    private static readonly string[] Scopes = ["https://servicebus.azure.net/.default"];

    public async Task<CbsToken> GetAsync(string audience, CancellationToken cancellationToken)
    {
        var token = await credential.GetTokenAsync(new TokenRequestContext(Scopes), cancellationToken);
        return new CbsToken(token.Token, "jwt", token.ExpiresOn);
    }
}
