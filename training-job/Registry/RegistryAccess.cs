using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.ServiceBus;

namespace CtSeg.TrainingJob.Registry;

/// <summary>What a command needs to work on the models of a storage account.</summary>
/// <param name="OpenServiceBus">Null where no Service Bus is set: then nobody is told of a new model but those who look.</param>
/// <param name="Trusted">Keys whose signature a model needs; none where it needs none.</param>
/// <param name="User">Whoever runs the command, for the audit.</param>
internal sealed record RegistryAccess(BlobServiceClient Storage, Func<IServiceBusClient>? OpenServiceBus, TrustedKeys Trusted, string User, TimeProvider Time)
{
    public ModelStore Models { get; } = new(Storage);

    public ModelAlias Alias { get; } = new(Storage, Time) { Trusted = Trusted };

    public AliasAudit Audit { get; } = new(Storage);

    /// <param name="trustedKeys">A file with public keys; that of the environment where null.</param>
    /// <exception cref="RegistryUnavailableException">No storage is set.</exception>
    /// <exception cref="UntrustedModelException">The trusted keys cannot be read.</exception>
    public static RegistryAccess Open(string? trustedKeys)
    {
        if (JobConnections.Find(needsServiceBus: false, out var problems) is not { } connections)
            throw new RegistryUnavailableException(string.Join(" ", problems));
        return new RegistryAccess(
            connections.OpenStorage(),
            connections.HasServiceBus ? () => connections.OpenServiceBus()! : null,
            TrustedKeys.Read(trustedKeys ?? Environment.GetEnvironmentVariable(Settings.TrustedModelKeys)),
            OperatorName.Current,
            TimeProvider.System);
    }
}

/// <summary>The models cannot be reached; the message says what to set.</summary>
internal sealed class RegistryUnavailableException(string message) : Exception(message);
