using System.Globalization;
using Azure.Core;
using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CtSeg.Telemetry.Export;

/// <summary>Sends spans, metrics and logs of this process to where the settings say. One a process.</summary>
public sealed class TelemetryExport : IDisposable
{
    // Instances come and go, and their disks with them: what is not sent at the end is lost, wherever it would be kept.
    private const string SendAtTheEnd = "Azure.Monitor.OpenTelemetry.Exporter.DisablePersistOnShutdown";
    private readonly OpenTelemetrySdk _sdk;

    private TelemetryExport(OpenTelemetrySdk sdk) => _sdk = sdk;

    /// <param name="service">One of <see cref="TelemetryNames"/>; <c>OTEL_SERVICE_NAME</c> replaces it.</param>
    /// <param name="setting">Looks an environment variable up; null when it is not set.</param>
    /// <returns>Null where telemetry goes nowhere: nothing of OpenTelemetry is loaded then.</returns>
    public static TelemetryExport? Start(TelemetrySettings settings, string service, Func<string, string?> setting)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return settings.IsOn ? new TelemetryExport(Build(settings, service, setting)) : null;
    }

    /// <summary>Sends what is logged, too.</summary>
    public void AddTo(ILoggingBuilder logging) => logging.AddProvider(new ForwardedLogs(_sdk.GetLoggerFactory()));

    /// <summary>Sends what waits, and nothing that comes after. Call it last: a process that ends loses what it has not sent.</summary>
    /// <param name="limit">Of the whole.</param>
    /// <returns>Whether all was sent within that time.</returns>
    public bool End(TimeSpan limit)
    {
        // No flush: it does not wait for what is on its way already (opentelemetry-dotnet issue 4858).
        var milliseconds = (int)limit.TotalMilliseconds;
        Task<bool>[] ends =
        [
            Task.Run(() => _sdk.TracerProvider.Shutdown(milliseconds)),
            Task.Run(() => _sdk.MeterProvider.Shutdown(milliseconds)),
            Task.Run(() => _sdk.LoggerProvider.Shutdown(milliseconds)),
        ];
        return Task.WaitAll(ends, limit) && ends.All(end => end.Result);
    }

    /// <summary>For tests; a program only ends it, since this waits longer where nobody answers.</summary>
    public void Dispose() => _sdk.Dispose();

    private static OpenTelemetrySdk Build(TelemetrySettings settings, string service, Func<string, string?> setting)
    {
        if (settings.AzureMonitor is not null)
            AppContext.SetSwitch(SendAtTheEnd, true);
        var azure = AzureMonitorOf(settings);
        return OpenTelemetrySdk.Create(builder =>
        {
            builder.Services.AddSingleton<IConfiguration>(new ConfigurationRoot([new SettingsConfiguration(setting)]));
            builder.ConfigureResource(resource => Describe(resource, service, setting));
            builder.WithTracing(tracing =>
            {
                tracing.AddSource(TelemetryNames.Source);
                if (settings.OtlpEndpoint is not null)
                    tracing.AddOtlpExporter();
                if (azure is not null)
                    tracing.AddAzureMonitorTraceExporter(azure);
                // All, also where the host does not record its own part of a trace; after the exporter, which would choose a few.
                if (string.IsNullOrEmpty(setting(TelemetrySettings.SamplerVariable)))
                    tracing.SetSampler(new AlwaysOnSampler());
            });
            builder.WithMetrics(metrics =>
            {
                metrics.AddMeter(TelemetryNames.Source);
                if (settings.OtlpEndpoint is not null)
                    metrics.AddOtlpExporter();
                if (azure is not null)
                    metrics.AddAzureMonitorMetricExporter(azure);
            });
            builder.WithLogging(
                logs =>
                {
                    if (settings.OtlpEndpoint is not null)
                        logs.AddOtlpExporter();
                    if (azure is not null)
                        logs.AddAzureMonitorLogExporter(azure);
                },
                options => options.IncludeFormattedMessage = true);
        });
    }

    private static void Describe(ResourceBuilder resource, string service, Func<string, string?> setting)
    {
        if (string.IsNullOrEmpty(setting(TelemetrySettings.ServiceNameVariable)))
            resource.AddService(service, serviceVersion: typeof(TelemetryNames).Assembly.GetName().Version?.ToString(3));
        resource.AddAttributes([new(TelemetryAttributes.ProcessId, (long)Environment.ProcessId)]);
    }

    private static Action<AzureMonitorExporterOptions>? AzureMonitorOf(TelemetrySettings settings)
    {
        if (settings.AzureMonitor is not { } connection)
            return null;
        TokenCredential? credential = settings.UsesIdentity
            ? new ManagedIdentityCredential(settings.ClientId is { } id ? ManagedIdentityId.FromUserAssignedClientId(id) : ManagedIdentityId.SystemAssigned)
            : null;
        return options =>
        {
            options.ConnectionString = connection;
            options.Credential = credential;
            options.DisableOfflineStorage = true;
            options.EnableLiveMetrics = false;
        };
    }

    /// <summary>The settings as OpenTelemetry reads them; each by its name, there is no list of them.</summary>
    private sealed class SettingsConfiguration(Func<string, string?> setting) : ConfigurationProvider
    {
        // Spans and logs leave soon: the Functions host ends its handler by a kill.
        private const int DelayMilliseconds = 1000;

        public override bool TryGet(string key, out string? value)
        {
            value = setting(key);
            if (string.IsNullOrEmpty(value) && key is TelemetrySettings.SpanDelayVariable or TelemetrySettings.LogDelayVariable)
                value = DelayMilliseconds.ToString(CultureInfo.InvariantCulture);
            return !string.IsNullOrEmpty(value);
        }
    }

    private sealed class ForwardedLogs(ILoggerFactory target) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => target.CreateLogger(categoryName);

        public void Dispose()
        {
            // The export outlives whoever logs.
        }
    }
}
