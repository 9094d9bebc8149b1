using System.Runtime.InteropServices;

namespace CtSeg.Local.Scaling;

/// <summary>One message in the queue.</summary>
/// <param name="UploadedAt">When its slice was uploaded, seconds since midnight.</param>
/// <param name="QueuedAt">When the message stands in the queue, seconds since midnight.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct QueuedSlice(double UploadedAt, double QueuedAt, StudyKind Kind);

/// <param name="Messages">By the time at which they stand in the queue.</param>
/// <param name="MostInstances">At the same time.</param>
internal sealed record IntakeOutcome(IReadOnlyList<QueuedSlice> Messages, int MostInstances)
{
    /// <value>Slices uploaded a second, in the busiest minute by the clock.</value>
    public double PeakPerSecond { get; } =
        Messages.Count == 0 ? 0 : Messages.CountBy(message => (int)(message.UploadedAt / 60)).Max(minute => minute.Value) / 60.0;
}

/// <summary>
/// The functions on Flex Consumption, which turn uploads into messages: instances that take several slices at once, are started when all are
/// busy, and go when they had nothing to do for a while.
/// </summary>
internal sealed record IntakePool
{
    /// <value>From a finished upload to the call of the function (Event Grid); 1 s, assumed.</value>
    public double EventSeconds { get; init; } = 1;

    /// <value>Of one slice, mostly waiting for storage; 0.3 s, assumed (13 ms of it are processor time, docs/performance.md).</value>
    public double CallSeconds { get; init; } = 0.3;

    /// <value>Until a new instance takes its first slice; 3 s, assumed (38 ms of it are the program's, docs/performance.md).</value>
    public double StartSeconds { get; init; } = 3;

    /// <value>Time without a slice after which an instance goes; 60 s, assumed.</value>
    public double KeepSeconds { get; init; } = 60;

    /// <value>Slices at once in an instance: maxDegreeOfParallelism in host.json; 4.</value>
    public int Concurrency { get; init; } = 4;

    /// <value>Instances at most, as the template says; 40.</value>
    public int MaxInstances { get; init; } = 40;

    /// <param name="arrivals">By time.</param>
    public IntakeOutcome Take(IReadOnlyList<SliceArrival> arrivals)
    {
        var messages = new QueuedSlice[arrivals.Count];
        // The places of all instances by the time from which they are free; the earliest is taken next.
        var places = new PriorityQueue<Place, double>();
        // Places that had no slice yet, those of instances that still start among them.
        var fresh = 0;
        var (live, most) = (0, 0);
        for (var i = 0; i < messages.Length; i++)
        {
            var called = arrivals[i].At + EventSeconds;
            DropUnused(places, called, ref live, ref fresh);
            if (live < MaxInstances && fresh == 0 && !(places.TryPeek(out _, out var free) && free <= called))
            {
                var started = new Instance { Places = Concurrency, LastUse = called + StartSeconds };
                for (var place = 0; place < Concurrency; place++)
                    places.Enqueue(new Place(started), started.LastUse);
                fresh += Concurrency;
                most = Math.Max(most, ++live);
            }
            places.TryDequeue(out var taken, out var from);
            fresh -= taken!.IsFresh ? 1 : 0;
            taken.IsFresh = false;
            var done = Math.Max(from, called) + CallSeconds;
            taken.Instance.LastUse = Math.Max(taken.Instance.LastUse, done);
            places.Enqueue(taken, done);
            messages[i] = new QueuedSlice(arrivals[i].At, done, arrivals[i].Kind);
        }
        return new IntakeOutcome([.. messages.OrderBy(message => message.QueuedAt)], most);
    }

    private void DropUnused(PriorityQueue<Place, double> places, double now, ref int live, ref int fresh)
    {
        while (places.TryPeek(out var place, out _) && place.Instance.LastUse + KeepSeconds < now)
        {
            places.Dequeue();
            fresh -= place.IsFresh ? 1 : 0;
            live -= --place.Instance.Places == 0 ? 1 : 0;
        }
    }

    private sealed class Instance
    {
        public int Places { get; set; }
        public double LastUse { get; set; }
    }

    private sealed class Place(Instance instance)
    {
        public Instance Instance { get; } = instance;
        public bool IsFresh { get; set; } = true;
    }
}
