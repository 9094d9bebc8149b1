namespace CtSeg.Local.Traces;

/// <summary>A span as a program exported it.</summary>
/// <param name="TraceId">32 hexadecimal digits.</param>
/// <param name="SpanId">16 hexadecimal digits.</param>
/// <param name="ParentId">Null for a root.</param>
/// <param name="Service">Of the program; empty where it did not say.</param>
/// <param name="Process">Its number; 0 where it did not say.</param>
/// <param name="Attributes">Scalars as text; others are left out.</param>
internal sealed record ExportedSpan(
    string TraceId, string SpanId, string? ParentId, string Name, DateTimeOffset Start, TimeSpan Duration, bool IsFailed, string Service, int Process,
    IReadOnlyDictionary<string, string> Attributes)
{
    public IReadOnlyList<string> Events { get; init; } = [];
}
