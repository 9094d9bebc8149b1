using CtSeg.Configuration;

namespace CtSeg.ServiceBus;

/// <summary>Opens the namespace that a named connection setting points to.</summary>
public static class ServiceBusConnection
{
    /// <summary>
    /// <c>{connection}</c> holds a connection string, or <c>{connection}__fullyQualifiedNamespace</c> a namespace that is
    /// entered with an identity (<see cref="ConnectionIdentity"/>).
    /// </summary>
    /// <param name="setting">Looks a setting up; null when it is not set.</param>
    /// <exception cref="InvalidOperationException">Neither setting is there, or both, or one that cannot be read; the message repeats no secret.</exception>
    /// <exception cref="FormatException">The connection string lacks something.</exception>
    public static IServiceBusClient Open(string connection, Func<string, string?> setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        var problems = ConnectionSettings.ServiceBus(connection, "a namespace", SettingReaders.None).ProblemsOf(setting);
        if (problems.Count > 0)
            throw new InvalidOperationException(string.Join(" ", problems));
        return setting(connection) is { Length: > 0 } connectionString
            ? AmqpServiceBusClient.FromConnectionString(connectionString)
            : AmqpServiceBusClient.FromNamespace(setting(ConnectionSettings.Namespace(connection))!, ConnectionIdentity.Of(connection, setting));
    }
}
