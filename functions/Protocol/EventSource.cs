namespace CtSeg.Functions.Protocol;

/// <summary>The <c>source</c> of the events of a function.</summary>
internal static class EventSource
{
    public static string Of(string function) => $"/ctseg/functions/{function}";
}
