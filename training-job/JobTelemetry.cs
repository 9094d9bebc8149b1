using CtSeg.Telemetry;
using CtSeg.Telemetry.Export;
using CtSeg.TrainingJob.Inference;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob;

/// <summary>Telemetry of a job from its start to its last words; nothing where it goes nowhere.</summary>
internal sealed class JobTelemetry
{
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(5);
    private readonly TelemetryExport? _export;

    private JobTelemetry(TelemetryExport? export) => _export = export;

    public static JobTelemetry Start(TelemetrySettings settings, string service)
    {
        var export = TelemetryExport.Start(settings, service, Environment.GetEnvironmentVariable);
        if (export is not null)
            GpuMemory.TryObserve(Meters.Source);
        return new JobTelemetry(export);
    }

    /// <summary>Logs to the console, in one line each, and to where telemetry goes.</summary>
    public ILoggerFactory CreateLogs() => LoggerFactory.Create(logging =>
    {
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
            console.UseUtcTimestamp = true;
        });
        _export?.AddTo(logging);
    });

    /// <summary>Sends what waits, before the process ends.</summary>
    /// <param name="limit">At most 5 s in any case.</param>
    public void End(TimeSpan limit) => _export?.Flush(limit < LastWords ? limit : LastWords);
}
