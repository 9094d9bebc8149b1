using System.Diagnostics;
using CtSeg.Telemetry;

namespace CtSeg.Functions.Protocol;

/// <summary>What makes a function run, as OpenTelemetry's conventions call it.</summary>
internal static class FunctionTriggers
{
    public const string Blob = "datasource";
    public const string Queue = "pubsub";
    public const string Timer = "timer";
    public const string Http = "http";
}

/// <summary>The span of one invocation: under the host's, where that sends its trace context, else a root.</summary>
internal static class InvocationSpan
{
    private const string InvocationIdHeader = "X-Azure-Functions-InvocationId";

    /// <param name="trigger">One of <see cref="FunctionTriggers"/>.</param>
    public static Activity? Start(string function, string trigger, HttpRequest request)
    {
        var kind = trigger == FunctionTriggers.Http ? ActivityKind.Server : ActivityKind.Consumer;
        var span = Spans.StartUnder(TraceContext.Of(request), function, kind);
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag(TelemetryAttributes.FaasTrigger, trigger);
            span.SetTag(TelemetryAttributes.FaasInvocationId, (string?)request.Headers[InvocationIdHeader]);
        }
        return span;
    }
}
