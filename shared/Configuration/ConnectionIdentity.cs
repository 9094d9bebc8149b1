using Azure.Core;
using Azure.Identity;

namespace CtSeg.Configuration;

/// <summary>The identity with which an address is entered, chosen as the Functions host chooses it.</summary>
public static class ConnectionIdentity
{
    /// <summary>The only value of <c>{connection}__credential</c>.</summary>
    public const string ManagedIdentity = "managedidentity";

    /// <summary>Which of the user-assigned identities is taken where a connection names none.</summary>
    public const string DefaultClientId = "AZURE_CLIENT_ID";

    /// <summary>
    /// With <c>{connection}__credential</c> the managed identity alone, else whatever <see cref="DefaultAzureCredential"/> finds; <c>{connection}__clientId</c>,
    /// else <c>AZURE_CLIENT_ID</c>, names the user-assigned identity.
    /// </summary>
    /// <param name="setting">Looks a setting up; null when it is not set.</param>
    public static TokenCredential Of(string connection, Func<string, string?> setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        var clientId = Find(ConnectionSettings.ClientId(connection)) ?? Find(DefaultClientId);
        if (Find(ConnectionSettings.Credential(connection)) is not null)
            return new ManagedIdentityCredential(clientId is null ? ManagedIdentityId.SystemAssigned : ManagedIdentityId.FromUserAssignedClientId(clientId));
        var options = new DefaultAzureCredentialOptions();
        if (clientId is not null)
            options.ManagedIdentityClientId = options.WorkloadIdentityClientId = clientId;
        return new DefaultAzureCredential(options);

        string? Find(string name) => setting(name) is { Length: > 0 } value ? value : null;
    }
}
