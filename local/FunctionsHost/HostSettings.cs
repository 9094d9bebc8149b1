using System.Globalization;
using Newtonsoft.Json.Linq;

namespace CtSeg.Local.FunctionsHost;

/// <summary>What this host reads of host.json, with the real host's defaults.</summary>
internal sealed record HostSettings
{
    public required string ExecutablePath { get; init; }
    public IReadOnlyList<string> Arguments { get; init; } = [];
    /// <value>Functions with exactly one HTTP trigger and one HTTP output get the request itself.</value>
    public bool ProxyHttp { get; init; }
    /// <value>Null: without limit.</value>
    public TimeSpan? FunctionTimeout { get; init; } = TimeSpan.FromMinutes(5);
    public string RoutePrefix { get; init; } = "api";
    public int BlobParallelism { get; init; } = 8 * Environment.ProcessorCount;
    public int PoisonBlobThreshold { get; init; } = 5;
    public int QueueBatchSize { get; init; } = 16;
    public int QueueMaxDequeueCount { get; init; } = 5;
    public TimeSpan QueueVisibilityTimeout { get; init; } = TimeSpan.Zero;
    public TimeSpan? QueueMaxPollingInterval { get; init; }
    public bool QueueBase64 { get; init; } = true;
    public int ServiceBusConcurrentCalls { get; init; } = 16 * Environment.ProcessorCount;
    public int ServiceBusPrefetch { get; init; }
    public TimeSpan ServiceBusLockRenewal { get; init; } = TimeSpan.FromMinutes(5);

    /// <exception cref="FunctionAppException">A value is missing or of the wrong kind.</exception>
    public static HostSettings Read(string path)
    {
        JObject json = JsonFile.Read(path);
        HostSettings none = new() { ExecutablePath = "" };
        string? executable = Text(json, "customHandler.description.defaultExecutablePath");
        if (string.IsNullOrEmpty(executable))
            throw new FunctionAppException($"{path} names no customHandler.description.defaultExecutablePath: this host runs custom handlers only.");

        return none with
        {
            ExecutablePath = executable,
            Arguments = json.SelectToken("customHandler.description.arguments") is JArray arguments ? [.. arguments.Select(a => a.ToString())] : [],
            ProxyHttp = Value(json, "customHandler.enableProxyingHttpRequest", Value(json, "customHandler.enableForwardingHttpRequest", otherwise: false)),
            FunctionTimeout = Text(json, "functionTimeout") == "-1" ? null : Duration(json, "functionTimeout") ?? none.FunctionTimeout,
            RoutePrefix = Text(json, "extensions.http.routePrefix")?.Trim('/') ?? none.RoutePrefix,
            BlobParallelism = Positive(json, "extensions.blobs.maxDegreeOfParallelism", none.BlobParallelism),
            PoisonBlobThreshold = Positive(json, "extensions.blobs.poisonBlobThreshold", none.PoisonBlobThreshold),
            QueueBatchSize = Positive(json, "extensions.queues.batchSize", none.QueueBatchSize),
            QueueMaxDequeueCount = Positive(json, "extensions.queues.maxDequeueCount", none.QueueMaxDequeueCount),
            QueueVisibilityTimeout = Duration(json, "extensions.queues.visibilityTimeout") ?? none.QueueVisibilityTimeout,
            QueueMaxPollingInterval = Duration(json, "extensions.queues.maxPollingInterval"),
            QueueBase64 = !string.Equals(Text(json, "extensions.queues.messageEncoding"), "none", StringComparison.OrdinalIgnoreCase),
            ServiceBusConcurrentCalls = Positive(json, "extensions.serviceBus.maxConcurrentCalls", none.ServiceBusConcurrentCalls),
            ServiceBusPrefetch = Value(json, "extensions.serviceBus.prefetchCount", none.ServiceBusPrefetch),
            ServiceBusLockRenewal = Duration(json, "extensions.serviceBus.maxAutoLockRenewalDuration") ?? none.ServiceBusLockRenewal,
        };
    }

    private static string? Text(JObject json, string path) => json.SelectToken(path)?.ToString();

    private static T Value<T>(JObject json, string path, T otherwise)
        where T : struct
    {
        JToken? token = json.SelectToken(path);
        try
        {
            return token is null ? otherwise : token.Value<T>();
        }
        catch (Exception e) when (e is FormatException or InvalidCastException or OverflowException)
        {
            throw new FunctionAppException($"host.json: {path} is '{token}', which is no {typeof(T).Name}.", e);
        }
    }

    private static int Positive(JObject json, string path, int otherwise) => Value(json, path, otherwise) is > 0 and var value
        ? value
        : throw new FunctionAppException($"host.json: {path} must be at least 1.");

    private static TimeSpan? Duration(JObject json, string path)
    {
        if (Text(json, path) is not { } text)
            return null;
        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan value)
            ? value
            : throw new FunctionAppException($"host.json: {path} is '{text}', which is no duration such as 00:05:00.");
    }
}
