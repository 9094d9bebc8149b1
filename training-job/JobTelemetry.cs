using CtSeg.Telemetry;
using CtSeg.Telemetry.Export;
using CtSeg.TrainingJob.Inference;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob;

/// <summary>Telemetry of a job from its start to its last words; nothing where it goes nowhere.</summary>
internal sealed partial class JobTelemetry
{
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(5);
    private readonly TelemetryExport? _export;
    private readonly bool _tellsGpuMemory;

    private JobTelemetry(TelemetryExport? export, bool tellsGpuMemory) => (_export, _tellsGpuMemory) = (export, tellsGpuMemory);

    public static JobTelemetry Start(TelemetrySettings settings, string service)
    {
        var export = TelemetryExport.Start(settings, service, Environment.GetEnvironmentVariable);
        return new JobTelemetry(export, export is not null && GpuMemory.TryObserve(Meters.Source));
    }

    /// <summary>Logs to the console, in one line each, and to where telemetry goes.</summary>
    public ILoggerFactory CreateLogs()
    {
        var logs = LoggerFactory.Create(logging =>
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss ";
                console.UseUtcTimestamp = true;
            });
            _export?.AddTo(logging);
        });
        if (_export is not null)
            TellStart(logs.CreateLogger<JobTelemetry>());
        return logs;
    }

    /// <summary>Sends what waits, before the process ends.</summary>
    /// <param name="limit">At most 5 s in any case.</param>
    public void End(TimeSpan limit) => _export?.End(limit < LastWords ? limit : LastWords);

    private void TellStart(ILogger logger)
    {
        if (_tellsGpuMemory)
            LogGpuMemory(logger);
        else
            LogNoGpu(logger);
    }

    [LoggerMessage(3200, LogLevel.Information, "Telemetry tells the memory of the graphics processors.")]
    private static partial void LogGpuMemory(ILogger logger);

    [LoggerMessage(3201, LogLevel.Information, "Telemetry tells of no graphics processor: the driver's library (NVML) is not there, or knows none.")]
    private static partial void LogNoGpu(ILogger logger);
}
