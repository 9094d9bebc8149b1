using System.Diagnostics.Metrics;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.TrainingRuns;

namespace CtSeg.Telemetry;

/// <summary>What the system counts and measures. Nothing is done while nobody listens.</summary>
public static class Meters
{
    public const string Scans = "ctseg.scans";
    public const string ScansEnded = "ctseg.scans.ended";
    public const string Slices = "ctseg.slices";
    public const string StageDuration = "ctseg.stage.duration";
    public const string ScansWaiting = "ctseg.scans.waiting";
    public const string QueueAge = "ctseg.queue.age";
    public const string LesionShare = "ctseg.lesion.share";
    public const string ModelsRefused = "ctseg.models.refused";
    public const string RunsEnded = "ctseg.training.runs.ended";
    public const string GpuMemoryUsed = "ctseg.gpu.memory.used";
    public const string GpuMemoryLimit = "ctseg.gpu.memory.limit";

    private static readonly double[] Seconds = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200];
    private static readonly double[] Ages = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 21600, 86400];
    private static readonly double[] Shares = [0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5];

    /// <value>For gauges that a program adds.</value>
    public static Meter Source { get; } = new(TelemetryNames.Source);

    private static readonly Counter<long> ScanStates = Source.CreateCounter<long>(Scans, "{scan}", "Scans that entered a state, by state.");
    private static readonly Counter<long> ScanEnds = Source.CreateCounter<long>(
        ScansEnded, "{scan}", "Scans that ended, by state and, of those that failed, by reason code.");
    private static readonly Counter<long> SegmentedSlices = Source.CreateCounter<long>(
        Slices, "{slice}", "Slices whose result this process made, by version of the model.");
    private static readonly Histogram<double> StageSeconds = Histogram(StageDuration, "s", "Duration of the stages that ended well, by stage.", Seconds);
    private static readonly Histogram<double> Waited = Histogram(QueueAge, "s", "Age of a message when it is received, by queue.", Ages);
    private static readonly Gauge<double> OldestWait = Source.CreateGauge<double>(
        ScansWaiting, "s", "How long the scan has waited that has no result for the longest time, at the last reconciliation: it grows also where no job runs that could receive.");
    private static readonly Histogram<double> Lesions = Histogram(
        LesionShare, "1", "Share of a slice's pixels in any lesion class, by version of the model: it drifts when the uploads or the model do.", Shares);
    private static readonly Counter<long> Refusals = Source.CreateCounter<long>(
        ModelsRefused, "{model}", "Models that were damaged, swapped or not signed and do not serve.");
    private static readonly Counter<long> RunEnds = Source.CreateCounter<long>(RunsEnded, "{run}", "Training runs that a job ended, by state.");

    /// <summary>A status was written that entered another state.</summary>
    public static void Entered(ScanStatus status)
    {
        ArgumentNullException.ThrowIfNull(status);
        if (!ScanStates.Enabled && !ScanEnds.Enabled)
            return;
        var state = NameOf(status.State);
        ScanStates.Add(1, Tag(TelemetryAttributes.State, state));
        if (status.Failure is { } failure)
            ScanEnds.Add(1, Tag(TelemetryAttributes.State, state), Tag(TelemetryAttributes.Reason, NameOf(failure.Reason)));
        else if (status.IsTerminal)
            ScanEnds.Add(1, Tag(TelemetryAttributes.State, state));
    }

    /// <summary>A result was made and stored.</summary>
    public static void Segmented(ScanMetrics metrics)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        var version = Tag(TelemetryAttributes.ModelVersion, metrics.Model.Version);
        SegmentedSlices.Add(1, version);
        if (Lesions.Enabled)
            Lesions.Record(metrics.Lesions.Sum(lesion => lesion.Share), version);
    }

    internal static void StageDone(string stage, TimeSpan took) => StageSeconds.Record(took.TotalSeconds, Tag(TelemetryAttributes.Stage, stage));

    /// <param name="age">From the broker's clock to ours: small ones may come out below zero.</param>
    public static void Received(string queue, TimeSpan age) =>
        Waited.Record(Math.Max(0, age.TotalSeconds), Tag(TelemetryAttributes.Destination, queue));

    /// <param name="age">Zero where no scan waits.</param>
    public static void OldestWaits(TimeSpan age) => OldestWait.Record(age.TotalSeconds);

    public static void ModelRefused(string version) => Refusals.Add(1, Tag(TelemetryAttributes.ModelVersion, version));

    public static void RunEnded(TrainingRunState state)
    {
        if (RunEnds.Enabled)
            RunEnds.Add(1, Tag(TelemetryAttributes.State, NameOf(state)));
    }

    /// <summary>As documents spell it.</summary>
    public static string NameOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    private static Histogram<double> Histogram(string name, string unit, string description, double[] boundaries) => Source.CreateHistogram(
        name, unit, description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries });

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
