using Newtonsoft.Json.Linq;

namespace CtSeg.Local.FunctionsHost;

/// <summary>One binding of a function.json; <c>%Setting%</c> is resolved on reading a property.</summary>
internal sealed record Binding(string Function, string Name, string Type, bool IsOutput, JObject Properties, AppSettings Settings)
{
    public bool IsTrigger => Type.EndsWith("Trigger", StringComparison.OrdinalIgnoreCase);

    public bool IsBinary => string.Equals(Find("dataType"), "binary", StringComparison.OrdinalIgnoreCase);

    public bool Is(string type) => Type.Equals(type, StringComparison.OrdinalIgnoreCase);

    public string? Find(string property) =>
        Properties.GetValue(property, StringComparison.OrdinalIgnoreCase) is { Type: not JTokenType.Null } token
            ? Settings.Resolve(token.ToString())
            : null;

    /// <exception cref="FunctionAppException">function.json lacks it.</exception>
    public string Get(string property) => Find(property) is { Length: > 0 } value
        ? value
        : throw new FunctionAppException($"{Function}/function.json: the binding '{Name}' ({Type}) has no '{property}'.");

    /// <summary>The connection the binding names, else the one called <paramref name="otherwise"/>.</summary>
    public HostConnection Connection(string otherwise) => Settings.Connection(Find("connection") is { Length: > 0 } name ? name : otherwise);
}

/// <summary>The retry policy of function.json; the real host takes it for timers (of the triggers here) only.</summary>
internal sealed record RetryPolicy(int MaxRetryCount, Func<int, TimeSpan> Delay);

/// <summary>One function: its trigger and its outputs.</summary>
internal sealed record FunctionDefinition(string Name, Binding Trigger, IReadOnlyList<Binding> Outputs, RetryPolicy? Retry)
{
    public bool IsProxied(HostSettings settings) =>
        settings.ProxyHttp && Trigger.Is("httpTrigger") && Outputs.Count == 1 && Outputs[0].Is("http");
}
