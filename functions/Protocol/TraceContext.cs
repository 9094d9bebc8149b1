using CtSeg.Contracts;

namespace CtSeg.Functions.Protocol;

/// <summary>W3C trace context of an invocation, where the host sends one.</summary>
internal static class TraceContext
{
    /// <returns>Null where the header is none that may be copied into messages.</returns>
    public static string? Of(HttpRequest request) => TraceParents.Checked(request.Headers.TraceParent);
}
