using System.Text.Json;
using System.Text.Json.Nodes;
using CtSeg.Contracts;

namespace CtSeg.Local.Stack;

/// <summary>The Service Bus namespace that the emulator serves.</summary>
/// <param name="Port">On 127.0.0.1.</param>
/// <param name="Key">Shared access key, base64.</param>
internal sealed record ServiceBusNamespace(int Port, string Key)
{
    private const string KeyName = "RootManageSharedAccessKey";
    /// <summary>Time within which a message with the same id is dropped.</summary>
    public static readonly TimeSpan DuplicateDetectionWindow = TimeSpan.FromMinutes(10);

    /// <summary>Time after which a message that nobody took is dead-lettered.</summary>
    public static readonly TimeSpan TimeToLive = TimeSpan.FromDays(14);

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public string ConnectionString =>
        $"Endpoint=sb://127.0.0.1:{Port};SharedAccessKeyName={KeyName};SharedAccessKey={Key};UseDevelopmentEmulator=true;";

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
                    ["DefaultMessageTimeToLive"] = System.Xml.XmlConvert.ToString(TimeToLive),
                    ["DeadLetteringOnMessageExpiration"] = true,
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
