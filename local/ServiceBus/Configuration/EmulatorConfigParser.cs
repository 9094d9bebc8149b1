using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;
using CtSeg.Local.ServiceBus.Store;

namespace CtSeg.Local.ServiceBus.Configuration;

/// <summary>
/// Reads <c>UserConfig.Namespaces[].Queues[]</c>. What the emulator does not do (topics, sessions, forwarding) is
/// refused, not ignored: a test that passes here must not rest on a property that was dropped.
/// </summary>
internal sealed partial class EmulatorConfigParser(string json)
{
    private const string Example = """{"UserConfig":{"Namespaces":[{"Name":"local","Queues":[{"Name":"jobs","Properties":{"LockDuration":"PT30S"}}]}]}}""";
    private static readonly TimeSpan LongestLock = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestHistory = TimeSpan.FromDays(7);
    private const int LargestDeliveryCount = 2000;

    public EmulatorConfig Parse()
    {
        using var document = ParseDocument();
        var namespaces = Required(Required(document.RootElement, "", "UserConfig", JsonValueKind.Object), "UserConfig", "Namespaces", JsonValueKind.Array);
        if (namespaces.GetArrayLength() != 1)
            throw Wrong("UserConfig.Namespaces", $"has {namespaces.GetArrayLength()} entries", "give exactly one namespace");
        const string path = "UserConfig.Namespaces[0]";
        if (namespaces[0].ValueKind != JsonValueKind.Object)
            throw Wrong(path, "is not an object", "write it as " + Example);
        if (namespaces[0].TryGetProperty("Topics", out var topics) && topics.ValueKind == JsonValueKind.Array && topics.GetArrayLength() > 0)
            throw Wrong(path + ".Topics", "is not empty and this emulator has no topics", "use queues");
        var queues = Required(namespaces[0], path, "Queues", JsonValueKind.Array);
        var settings = queues.EnumerateArray().Select((queue, i) => ParseQueue(queue, $"{path}.Queues[{i}]")).ToList();
        if (settings.Count == 0)
            throw Wrong(path + ".Queues", "is empty", "name at least one queue");
        if (settings.GroupBy(queue => queue.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw Wrong(path + ".Queues", $"names '{twice.Key}' more than once", "give every queue its own name");
        return new EmulatorConfig(settings);
    }

    private JsonDocument ParseDocument()
    {
        try
        {
            return JsonDocument.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (JsonException e)
        {
            throw new EmulatorConfigException($"The configuration is not JSON (line {e.LineNumber + 1}): write it as {Example}.", e);
        }
    }

    private static QueueSettings ParseQueue(JsonElement queue, string path)
    {
        if (queue.ValueKind != JsonValueKind.Object)
            throw Wrong(path, "is not an object", """write it as {"Name":"jobs","Properties":{}}""");
        var name = Required(queue, path, "Name", JsonValueKind.String).GetString()!;
        if (!QueueName().IsMatch(name))
            throw Wrong(path + ".Name", $"'{name}' is no queue name", "use 1 to 260 letters, digits, '.', '-', '_' and '/', starting and ending with a letter or digit");
        var settings = new QueueSettings(name);
        if (!queue.TryGetProperty("Properties", out var properties))
            return settings;
        if (properties.ValueKind != JsonValueKind.Object)
            throw Wrong(path + ".Properties", "is not an object", """write it as {"LockDuration":"PT30S"}""");
        foreach (var property in properties.EnumerateObject())
            settings = Apply(settings, property, $"{path}.Properties.{property.Name}");
        return settings;
    }

    private static QueueSettings Apply(QueueSettings settings, JsonProperty property, string path) => property.Name switch
    {
        "LockDuration" => settings with { LockDuration = Duration(property.Value, path, LongestLock) },
        "MaxDeliveryCount" => settings with { MaxDeliveryCount = Count(property.Value, path) },
        "RequiresDuplicateDetection" => settings with { RequiresDuplicateDetection = Flag(property.Value, path) },
        "DuplicateDetectionHistoryTimeWindow" => settings with { DuplicateDetectionHistoryTimeWindow = Duration(property.Value, path, LongestHistory) },
        "DefaultMessageTimeToLive" => settings with { DefaultMessageTimeToLive = Duration(property.Value, path, TimeSpan.MaxValue) },
        "DeadLetteringOnMessageExpiration" => settings with { DeadLetteringOnMessageExpiration = Flag(property.Value, path) },
        "RequiresSession" when !Flag(property.Value, path) => settings,
        "ForwardTo" or "ForwardDeadLetteredMessagesTo" when property.Value.ValueKind == JsonValueKind.String && property.Value.GetString() is "" => settings,
        "RequiresSession" or "ForwardTo" or "ForwardDeadLetteredMessagesTo" =>
            throw Wrong(path, "asks for something that this emulator does not do", "remove it"),
        _ => throw Wrong(path, "is not a known property", "use LockDuration, MaxDeliveryCount, RequiresDuplicateDetection, DuplicateDetectionHistoryTimeWindow, DefaultMessageTimeToLive or DeadLetteringOnMessageExpiration"),
    };

    private static TimeSpan Duration(JsonElement value, string path, TimeSpan longest)
    {
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        TimeSpan duration;
        try
        {
            duration = XmlConvert.ToTimeSpan(text);
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw Wrong(path, $"'{text}' is not an ISO 8601 duration", "write it like PT30S, PT1M or P1D", e);
        }
        if (duration <= TimeSpan.Zero || duration > longest)
            throw Wrong(path, $"'{text}' is out of range", longest == TimeSpan.MaxValue ? "give more than zero" : $"give more than zero and at most {XmlConvert.ToString(longest)}");
        return duration;
    }

    private static int Count(JsonElement value, string path) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var count) && count is >= 1 and <= LargestDeliveryCount
            ? count
            : throw Wrong(path, $"'{value.GetRawText()}' is not a delivery count", $"give a whole number from 1 to {LargestDeliveryCount}");

    private static bool Flag(JsonElement value, string path) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(path, $"'{value.GetRawText()}' is not a truth value", "give true or false"),
    };

    private static JsonElement Required(JsonElement parent, string parentPath, string name, JsonValueKind kind)
    {
        var path = parentPath.Length == 0 ? name : $"{parentPath}.{name}";
        if (parent.ValueKind != JsonValueKind.Object || !parent.TryGetProperty(name, out var value))
            throw Wrong(path, "is missing", "write the file as " + Example);
        if (value.ValueKind != kind)
            throw Wrong(path, $"is of kind {value.ValueKind}", $"make it of kind {kind}, as in {Example}");
        return value;
    }

    private static EmulatorConfigException Wrong(string path, string what, string advice, Exception? inner = null) =>
        new($"The Service Bus configuration is wrong: {path} {what}; {advice}.", inner!);

    [GeneratedRegex(@"^[A-Za-z0-9]([A-Za-z0-9._/-]{0,258}[A-Za-z0-9])?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex QueueName();
}
