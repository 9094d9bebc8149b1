namespace CtSeg.Telemetry;

/// <summary>Where telemetry goes, as the environment says it. Nowhere unless something is set.</summary>
/// <param name="OtlpEndpoint">Of <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>; the other standard variables are read by OpenTelemetry itself.</param>
/// <param name="AzureMonitor">Of <c>APPLICATIONINSIGHTS_CONNECTION_STRING</c>.</param>
/// <param name="UsesIdentity">Azure Monitor is entered with the identity of the process.</param>
/// <param name="ClientId">Of that identity; null for the one there is.</param>
public sealed record TelemetrySettings(Uri? OtlpEndpoint, string? AzureMonitor, bool UsesIdentity, string? ClientId)
{
    public const string OtlpEndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";
    public const string OtlpProtocolVariable = "OTEL_EXPORTER_OTLP_PROTOCOL";
    public const string SamplerVariable = "OTEL_TRACES_SAMPLER";
    public const string ServiceNameVariable = "OTEL_SERVICE_NAME";
    public const string SpanDelayVariable = "OTEL_BSP_SCHEDULE_DELAY";
    public const string LogDelayVariable = "OTEL_BLRP_SCHEDULE_DELAY";
    public const string AzureMonitorVariable = "APPLICATIONINSIGHTS_CONNECTION_STRING";
    public const string AuthenticationVariable = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";
    public const string HttpProtocol = "http/protobuf";
    private const string GrpcProtocol = "grpc";

    public static IReadOnlyList<string> OtlpProtocols { get; } = [HttpProtocol, GrpcProtocol];

    public static TelemetrySettings Off { get; } = new(null, null, UsesIdentity: false, null);

    public bool IsOn => OtlpEndpoint is not null || AzureMonitor is not null;

    /// <param name="setting">Looks a setting up; null when it is not set.</param>
    /// <param name="problems">One sentence each: what is wrong and what to set; empty when all holds.</param>
    public static TelemetrySettings Read(Func<string, string?> setting, out IReadOnlyList<string> problems)
    {
        ArgumentNullException.ThrowIfNull(setting);
        var found = new List<string>();
        problems = found;
        var endpoint = ReadEndpoint(setting(OtlpEndpointVariable), found);
        if (setting(OtlpProtocolVariable) is { Length: > 0 } protocol and not (HttpProtocol or GrpcProtocol))
            found.Add($"{OtlpProtocolVariable} is '{protocol}': set it to {HttpProtocol} or {GrpcProtocol}, or leave it out.");
        var monitor = setting(AzureMonitorVariable) is { Length: > 0 } text ? text : null;
        // Not quoted: who has the key may write there.
        if (monitor is not null && PairsOf(monitor)?.ContainsKey("InstrumentationKey") != true)
            found.Add($"{AzureMonitorVariable} is no connection string with an InstrumentationKey: copy it anew from Application Insights.");
        var (usesIdentity, clientId) = ReadAuthentication(setting(AuthenticationVariable), found);
        return new TelemetrySettings(endpoint, monitor, usesIdentity, clientId);
    }

    private static Uri? ReadEndpoint(string? text, List<string> problems)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var endpoint) && (endpoint.Scheme == Uri.UriSchemeHttp || endpoint.Scheme == Uri.UriSchemeHttps))
            return endpoint;
        problems.Add($"{OtlpEndpointVariable} is '{text}': it must be an address that begins with http:// or https://.");
        return null;
    }

    private static (bool UsesIdentity, string? ClientId) ReadAuthentication(string? text, List<string> problems)
    {
        if (string.IsNullOrEmpty(text))
            return (false, null);
        if (PairsOf(text) is { } pairs && pairs.TryGetValue("Authorization", out var kind) && kind.Equals("AAD", StringComparison.OrdinalIgnoreCase))
            return (true, pairs.GetValueOrDefault("ClientId"));
        problems.Add($"{AuthenticationVariable} is '{text}': it must be Authorization=AAD, and ;ClientId= of the identity where there are several.");
        return (false, null);
    }

    /// <returns>Null where it is no list of name=value.</returns>
    private static Dictionary<string, string>? PairsOf(string text)
    {
        var pairs = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
                return null;
            pairs[part[..equals]] = part[(equals + 1)..];
        }
        return pairs;
    }
}
