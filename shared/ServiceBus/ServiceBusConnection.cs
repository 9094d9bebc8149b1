using Azure.Identity;

namespace CtSeg.ServiceBus;

/// <summary>Opens the namespace that a named connection setting points to.</summary>
public static class ServiceBusConnection
{
    /// <summary>
    /// <c>{connection}</c> holds a connection string, or <c>{connection}__fullyQualifiedNamespace</c> a namespace that is
    /// entered with the identity of the process.
    /// </summary>
    /// <param name="setting">Looks a setting up; null when it is not set.</param>
    /// <exception cref="InvalidOperationException">Neither setting is there.</exception>
    /// <exception cref="FormatException">The connection string lacks something.</exception>
    public static IServiceBusClient Open(string connection, Func<string, string?> setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        if (setting(connection) is { Length: > 0 } connectionString)
            return AmqpServiceBusClient.FromConnectionString(connectionString);
        if (setting($"{connection}__fullyQualifiedNamespace") is { Length: > 0 } name)
            return AmqpServiceBusClient.FromNamespace(name, new DefaultAzureCredential());
        throw new InvalidOperationException(
            $"No Service Bus is configured: set {connection} to a connection string or {connection}__fullyQualifiedNamespace to a namespace.");
    }
}
