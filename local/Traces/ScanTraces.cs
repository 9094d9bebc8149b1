using CtSeg.Telemetry;

namespace CtSeg.Local.Traces;

/// <summary>All that happened to one scan in one trace.</summary>
/// <param name="State">In which it ended.</param>
internal sealed record ScanTrace(string ScanId, string State, string TraceId, IReadOnlyList<SpanTree> Roots);

/// <summary>Collects spans as they come, from several programs and in any order, until the trace of a scan that ended is whole.</summary>
internal sealed class ScanTraces(TimeProvider time)
{
    // What is older is forgotten: the stack may run for days.
    private const int MaxTraces = 1000;
    private const int MaxSpansOfTrace = 5000;
    // A parent that did not come by then does not come: its process was killed, or is not ours.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Trace> _traces = [];
    private readonly Queue<string> _order = [];
    private readonly List<EndedScan> _ended = [];

    /// <summary>Safe for use from several threads.</summary>
    public void Add(IReadOnlyList<ExportedSpan> spans)
    {
        lock (_lock)
            foreach (var span in spans)
                Add(span);
    }

    /// <returns>
    /// Scans that ended, with their spans so far: each once, and once more where it ended otherwise later, as one that failed and was asked for again.
    /// Deliveries that find a scan ended tell its end too.
    /// </returns>
    public IReadOnlyList<ScanTrace> TakeEnded()
    {
        lock (_lock)
        {
            var taken = new List<ScanTrace>();
            foreach (var scan in _ended.ToList())
            {
                IReadOnlyCollection<ExportedSpan> spans = _traces.TryGetValue(scan.TraceId, out var trace) ? trace.Spans.Values : [];
                if (!IsWhole(spans) && time.GetElapsedTime(scan.Seen) < Patience)
                    continue;
                _ended.Remove(scan);
                taken.Add(new ScanTrace(scan.ScanId, scan.State, scan.TraceId, SpanTree.OfScan(spans, scan.ScanId)));
            }
            return taken;
        }
    }

    private void Add(ExportedSpan span)
    {
        if (!_traces.TryGetValue(span.TraceId, out var trace))
        {
            if (_order.Count == MaxTraces)
                _traces.Remove(_order.Dequeue());
            _order.Enqueue(span.TraceId);
            _traces[span.TraceId] = trace = new Trace();
        }
        // An exporter that got no answer sends a span again.
        if (trace.Spans.ContainsKey(span.SpanId))
            return;
        if (trace.Spans.Count < MaxSpansOfTrace)
            trace.Spans.Add(span.SpanId, span);
        if (!span.Attributes.TryGetValue(TelemetryAttributes.ScanState, out var state)
            || !span.Attributes.TryGetValue(TelemetryAttributes.ScanId, out var scan)
            || trace.Ends.GetValueOrDefault(scan) == state)
            return;
        trace.Ends[scan] = state;
        _ended.Add(new EndedScan(span.TraceId, scan, state, time.GetTimestamp()));
    }

    private static bool IsWhole(IReadOnlyCollection<ExportedSpan> spans)
    {
        var ids = spans.Select(span => span.SpanId).ToHashSet();
        return spans.All(span => span.ParentId is null || ids.Contains(span.ParentId));
    }

    private sealed class Trace
    {
        public Dictionary<string, ExportedSpan> Spans { get; } = [];

        /// <value>The state that was told last, by scan.</value>
        public Dictionary<string, string> Ends { get; } = [];
    }

    private sealed record EndedScan(string TraceId, string ScanId, string State, long Seen);
}
