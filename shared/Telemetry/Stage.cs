using System.Diagnostics;

namespace CtSeg.Telemetry;

/// <summary>One part of the work: a span under the current one, and its seconds once it is done. One that is left before <see cref="Done"/> has failed.</summary>
public sealed class Stage : IDisposable
{
    private readonly string _name;
    private readonly TimeProvider _time;
    private readonly Activity? _activity;
    private readonly long _start;
    private bool _isDone;

    private Stage(string name, TimeProvider time)
    {
        (_name, _time, _start) = (name, time, time.GetTimestamp());
        _activity = Spans.Source.StartActivity(name);
    }

    /// <param name="name">One of <see cref="StageNames"/>.</param>
    public static Stage Begin(string name, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return new Stage(name, time);
    }

    /// <param name="attribute">One of <see cref="TelemetryAttributes"/>.</param>
    public Stage With(string attribute, object value)
    {
        _activity?.SetTag(attribute, value);
        return this;
    }

    public void Done()
    {
        _isDone = true;
        Meters.StageDone(_name, _time.GetElapsedTime(_start));
    }

    /// <summary>Names the fault that ends it.</summary>
    public void Fail(Exception fault) => _activity.Fail(fault);

    public void Dispose()
    {
        if (!_isDone && _activity is { Status: not ActivityStatusCode.Error })
            _activity.SetStatus(ActivityStatusCode.Error);
        _activity?.Dispose();
    }
}
