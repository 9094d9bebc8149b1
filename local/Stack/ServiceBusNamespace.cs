using System.Text.Json;
using System.Text.Json.Nodes;
using CtSeg.Configuration;
using CtSeg.Contracts;

namespace CtSeg.Local.Stack;

/// <summary>The Service Bus namespace that the emulator serves.</summary>
/// <param name="Port">On 127.0.0.1.</param>
/// <param name="Key">Shared access key, base64; null where identities are let in instead, over TLS.</param>
internal sealed record ServiceBusNamespace(int Port, string? Key)
{
    private const string KeyName = "RootManageSharedAccessKey";
    /// <summary>Time within which a message with the same id is dropped.</summary>
    public static readonly TimeSpan DuplicateDetectionWindow = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan TimeToLive = TimeSpan.FromDays(14);
    private static readonly TimeSpan NotificationTimeToLive = TimeSpan.FromDays(7);

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <value>Null where nobody needs a key.</value>
    public string? ConnectionString => Key is null
        ? null
        : $"Endpoint=sb://127.0.0.1:{Port};SharedAccessKeyName={KeyName};SharedAccessKey={Key};UseDevelopmentEmulator=true;";

    /// <value>For clients that enter with an identity.</value>
    public string FullyQualifiedNamespace => $"127.0.0.1:{Port}";

    /// <summary>How a program reaches it under the name of a connection.</summary>
    /// <param name="clientId">Of the identity that it enters with, where there is no key.</param>
    public IReadOnlyDictionary<string, string> SettingsOf(string connection, string? clientId) => ConnectionString is { } text
        ? new Dictionary<string, string> { [connection] = text }
        : new Dictionary<string, string>
        {
            [ConnectionSettings.Namespace(connection)] = FullyQualifiedNamespace,
            [ConnectionSettings.Credential(connection)] = ConnectionIdentity.ManagedIdentity,
            [ConnectionSettings.ClientId(connection)] = clientId ?? throw new ArgumentNullException(nameof(clientId)),
        };

    /// <summary>Time after which a message that nobody took ends.</summary>
    public static TimeSpan TimeToLiveOf(string queue) => Queues.Notifications.Contains(queue) ? NotificationTimeToLive : TimeToLive;

    /// <summary>Whether it becomes a dead letter then.</summary>
    public static bool KeepsExpired(string queue) => !Queues.Notifications.Contains(queue);

    /// <summary>Writes the queues of the contracts in the format of Microsoft's emulator.</summary>
    public static void WriteConfiguration(string file, TimeSpan lockDuration, int maxDeliveryCount)
    {
        var queues = new JsonArray();
        foreach (var name in Queues.All)
            queues.Add((JsonNode)new JsonObject
            {
                ["Name"] = name,
                ["Properties"] = new JsonObject
                {
                    ["LockDuration"] = System.Xml.XmlConvert.ToString(lockDuration),
                    ["MaxDeliveryCount"] = maxDeliveryCount,
                    ["RequiresDuplicateDetection"] = true,
                    ["DuplicateDetectionHistoryTimeWindow"] = System.Xml.XmlConvert.ToString(DuplicateDetectionWindow),
                    ["DefaultMessageTimeToLive"] = System.Xml.XmlConvert.ToString(TimeToLiveOf(name)),
                    ["DeadLetteringOnMessageExpiration"] = KeepsExpired(name),
                },
            });
        var configuration = new JsonObject
        {
            ["UserConfig"] = new JsonObject
            {
                ["Namespaces"] = new JsonArray(new JsonObject { ["Name"] = "ctseg", ["Queues"] = queues }),
            },
        };
        File.WriteAllText(file, configuration.ToJsonString(Indented));
    }
}
