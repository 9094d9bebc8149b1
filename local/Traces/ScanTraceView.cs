using System.Globalization;
using CtSeg.Telemetry;
using Spectre.Console;

namespace CtSeg.Local.Traces;

/// <summary>Prints the trace of a scan: a tree on a terminal, indented lines elsewhere.</summary>
internal static class ScanTraceView
{
    private const int NameWidth = 44;
    private const int DurationWidth = 10;
    private const int StateWidth = 24;
    private const int Indent = 2;

    public static void Show(ScanTrace trace, IAnsiConsole console)
    {
        if (!console.Profile.Out.IsTerminal)
        {
            foreach (var line in Lines(trace))
                console.Profile.Out.Writer.WriteLine(line);
            console.Profile.Out.Writer.Flush();
            return;
        }
        var tree = new Tree(Markup.Escape(TitleOf(trace)));
        foreach (var root in trace.Roots)
            Add(tree, root);
        console.Write(tree);
    }

    /// <summary>Name, duration, state and service of each span, those under another one indented.</summary>
    public static IEnumerable<string> Lines(ScanTrace trace) => trace.Roots.SelectMany(root => Lines(root, Indent)).Prepend(TitleOf(trace));

    private static IEnumerable<string> Lines(SpanTree tree, int indent)
    {
        var span = tree.Span;
        var name = new string(' ', indent) + span.Name;
        var own = $"{name,-NameWidth}{DurationOf(span),DurationWidth}  {StateOf(span),-StateWidth}{span.Service}";
        return tree.Children.SelectMany(child => Lines(child, indent + Indent)).Prepend(own);
    }

    private static void Add(IHasTreeNodes above, SpanTree tree)
    {
        var span = tree.Span;
        var colour = span.IsFailed ? "red" : "green";
        var node = above.AddNode($"{Markup.Escape(span.Name)}  {DurationOf(span)}  [{colour}]{Markup.Escape(StateOf(span))}[/]  [grey]{Markup.Escape(span.Service)}[/]");
        foreach (var child in tree.Children)
            Add(node, child);
    }

    private static string TitleOf(ScanTrace trace)
    {
        var spans = trace.Roots.SelectMany(All).ToList();
        var took = spans.Count == 0 ? TimeSpan.Zero : spans.Max(span => span.Start + span.Duration) - spans.Min(span => span.Start);
        return string.Create(CultureInfo.InvariantCulture, $"Scan {trace.ScanId} {trace.State} after {took.TotalSeconds:F2} s (trace {trace.TraceId})");
    }

    private static IEnumerable<ExportedSpan> All(SpanTree tree) => tree.Children.SelectMany(All).Prepend(tree.Span);

    private static string DurationOf(ExportedSpan span) => string.Create(CultureInfo.InvariantCulture, $"{span.Duration.TotalMilliseconds:F1} ms");

    /// <returns>How it ended and, of messages, at which delivery.</returns>
    private static string StateOf(ExportedSpan span)
    {
        var parts = new List<string> { span.IsFailed ? ShortErrorOf(span) : "ok" };
        if (span.Attributes.GetValueOrDefault(TelemetryAttributes.Disposition) is { } disposition and not "complete")
            parts.Add(disposition);
        if (span.Attributes.GetValueOrDefault(TelemetryAttributes.DeliveryCount) is { } delivery and not "1")
            parts.Add($"delivery {delivery}");
        if (span.Events.Count > 0)
            parts.Add($"{span.Events.Count} retried");
        return string.Join(", ", parts);
    }

    private static string ShortErrorOf(ExportedSpan span) => span.Attributes.GetValueOrDefault(TelemetryAttributes.ErrorType) is { } error
        ? error[(error.LastIndexOf('.') + 1)..]
        : "failed";
}
