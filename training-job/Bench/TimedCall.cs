using System.Diagnostics;
using CtSeg.TrainingJob.Inference;

namespace CtSeg.TrainingJob.Bench;

/// <summary>
/// A call that is timed again and again. The speed of a shared machine drifts: calls that are to be compared take turns, a slot each.
/// </summary>
internal sealed class TimedCall(Action call)
{
    public const int Slots = 40;

    private const int MostWarmUps = 1000;
    // Of one slot.
    private const int MostRepetitions = 5;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Slot = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan SlowCall = TimeSpan.FromSeconds(8);

    private readonly List<double> _times = [];
    private bool _isSlow;
    private TimeSpan _total;

    /// <value>MiB of the highest resident memory above that before the call.</value>
    public double? ExtraMb { get; private set; }

    /// <value>Median, milliseconds.</value>
    public double Ms => _times.Order().ElementAt(_times.Count / 2);

    /// <summary>The first calls also compile and fill pools; methods are compiled again after the 30th. What is slow is called once more, for its memory.</summary>
    public void Prepare()
    {
        var warm = Time();
        _isSlow = warm > SlowCall;
        for (var done = 1; warm < WarmUp && done < MostWarmUps; done++)
            warm += Time();
        ExtraMb = PeakMemory.Of(() => _times.Add(Time().TotalMilliseconds));
        if (_isSlow)
            return;
        // That memory had to come from the system again: neither that time counts nor the next.
        _times.Clear();
        Time();
    }

    public void RunSlot()
    {
        var endOfSlot = _total + Slot;
        for (var done = 0; !_isSlow && _total < Enough && done < MostRepetitions && _total < endOfSlot; done++)
        {
            var taken = Time();
            _total += taken;
            _times.Add(taken.TotalMilliseconds);
        }
    }

    private TimeSpan Time()
    {
        var started = Stopwatch.GetTimestamp();
        call();
        var taken = Stopwatch.GetElapsedTime(started);
        HeapMemory.FreeForgotten();
        return taken;
    }
}
