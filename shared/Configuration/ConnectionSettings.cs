namespace CtSeg.Configuration;

/// <summary>
/// The settings of one named connection, as the Functions host has them: <c>{name}</c> holds a connection string, or <c>{name}__blobServiceUri</c> and the
/// like an address that is entered with an identity.
/// </summary>
public sealed class ConnectionSettings
{
    private readonly IReadOnlyList<Setting> _further;

    private ConnectionSettings(string name, Setting connectionString, IReadOnlyList<Setting> endpoints, IReadOnlyList<Setting> further)
    {
        Name = name;
        ConnectionString = connectionString;
        Endpoints = endpoints;
        _further = further;
    }

    public string Name { get; }

    public Setting ConnectionString { get; }

    /// <value>The first one is needed by all, the others by the host.</value>
    public IReadOnlyList<Setting> Endpoints { get; }

    public IEnumerable<Setting> All => [ConnectionString, .. Endpoints, .. _further];

    /// <summary>A storage account.</summary>
    public static ConnectionSettings Storage(string name, string what, SettingReaders readBy) => new(
        name,
        new StorageConnectionStringSetting(name, $"Connection string of {what}", readBy),
        [
            new AddressSetting(BlobEndpoint(name), $"Address of the blobs of {what}, entered with an identity", readBy, "https://account.blob.core.windows.net"),
            new AddressSetting(QueueEndpoint(name), $"Address of the storage queues of {what}, entered with an identity", readBy & (SettingReaders.Host | SettingReaders.Job), "https://account.queue.core.windows.net"),
        ],
        Identity(name, readBy));

    /// <summary>A Service Bus namespace.</summary>
    public static ConnectionSettings ServiceBus(string name, string what, SettingReaders readBy) => new(
        name,
        new ServiceBusConnectionStringSetting(name, $"Connection string of {what}", readBy),
        [new NamespaceSetting(Namespace(name), $"Name of {what}, entered with an identity", readBy)],
        Identity(name, readBy));

    public static string BlobEndpoint(string name) => $"{name}__blobServiceUri";

    public static string QueueEndpoint(string name) => $"{name}__queueServiceUri";

    public static string Namespace(string name) => $"{name}__fullyQualifiedNamespace";

    public static string Credential(string name) => $"{name}__credential";

    public static string ClientId(string name) => $"{name}__clientId";

    /// <param name="setting">Looks a setting up; null when it is not set.</param>
    public bool IsSet(Func<string, string?> setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        return Holds(setting, ConnectionString) || Endpoints.Any(endpoint => Holds(setting, endpoint));
    }

    /// <param name="setting">Looks a setting up; null when it is not set.</param>
    /// <param name="needed">How many of <see cref="Endpoints"/> the program, or the host for it, cannot do without; 0 where the connection as a whole may be missing.</param>
    /// <returns>One sentence each; empty when the connection can be opened. No secret is repeated.</returns>
    public IReadOnlyList<string> ProblemsOf(Func<string, string?> setting, int needed = 1)
    {
        ArgumentNullException.ThrowIfNull(setting);
        List<string> problems = [.. All.Select(one => one.ProblemOf(setting(one.Name))).OfType<string>()];
        var given = Endpoints.Where(endpoint => Holds(setting, endpoint)).ToList();
        if (Holds(setting, ConnectionString))
        {
            if (given.Count > 0)
                problems.Add($"{Name} and {given[0].Name} are both set: keep the address, which is entered with an identity, or the connection string, and remove the other.");
        }
        else if (given.Count > 0)
            problems.AddRange(Endpoints.Take(needed).Except(given).Select(missing => $"{missing.Name} is not set, but {given[0].Name} is: it must be {missing.Expected}."));
        else if (needed > 0)
            problems.Add(Missing(needed));
        return problems;
    }

    /// <param name="needed">How many of <see cref="Endpoints"/> must be set where there is no connection string.</param>
    /// <returns>What to do where nothing of it is set, one sentence.</returns>
    public string Missing(int needed = 1) =>
        $"{Name} is not set: set the environment variable {Name} to a connection string, or {string.Join(" and ", Endpoints.Take(needed).Select(one => one.Name))} to an address that is entered with the identity of the process.";

    private static bool Holds(Func<string, string?> setting, Setting one) => !string.IsNullOrEmpty(setting(one.Name));

    private static IReadOnlyList<Setting> Identity(string name, SettingReaders readBy) =>
    [
        new WordSetting(Credential(name), "How the identity is found: only as the managed identity of the machine; where it is not set, wherever the Azure libraries look", readBy, [ConnectionIdentity.ManagedIdentity]),
        new ClientIdSetting(ClientId(name), "Which of the user-assigned identities is taken; AZURE_CLIENT_ID where it is not set", readBy),
    ];
}
