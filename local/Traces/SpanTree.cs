using CtSeg.Telemetry;

namespace CtSeg.Local.Traces;

/// <summary>A span and those under it, in the order of their begin.</summary>
internal sealed record SpanTree(ExportedSpan Span, IReadOnlyList<SpanTree> Children)
{
    /// <summary>The spans of one scan: those that name it, what they are part of, and what is part of them. A trace may hold other scans too.</summary>
    /// <returns>Roots, and spans whose parent is missing.</returns>
    public static IReadOnlyList<SpanTree> OfScan(IReadOnlyCollection<ExportedSpan> spans, string scan)
    {
        var byId = spans.ToDictionary(span => span.SpanId);
        var chosen = spans.Where(span => Line(span, byId).Any(above => IsOf(above, scan))).ToHashSet();
        foreach (var span in chosen.ToList())
            chosen.UnionWith(Line(span, byId));
        var children = chosen.ToLookup(span => span.ParentId is { } parent && byId.TryGetValue(parent, out var found) && chosen.Contains(found) ? parent : "");
        return Below("", children);
    }

    private static List<SpanTree> Below(string parent, ILookup<string, ExportedSpan> children) =>
        [.. children[parent].OrderBy(span => span.Start).Select(span => new SpanTree(span, Below(span.SpanId, children)))];

    private static bool IsOf(ExportedSpan span, string scan) => span.Attributes.GetValueOrDefault(TelemetryAttributes.ScanId) == scan;

    /// <summary>The span and all above it; a chain that closes on itself, which no program makes, ends there.</summary>
    private static List<ExportedSpan> Line(ExportedSpan span, Dictionary<string, ExportedSpan> byId)
    {
        var line = new List<ExportedSpan> { span };
        while (line[^1].ParentId is { } parent && byId.TryGetValue(parent, out var above) && !line.Contains(above))
            line.Add(above);
        return line;
    }
}
