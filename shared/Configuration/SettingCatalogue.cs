using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Telemetry;
using CtSeg.TrainingRuns;

namespace CtSeg.Configuration;

/// <summary>All settings: what the programs check at their start, and what docs/settings.md lists.</summary>
public static class SettingCatalogue
{
    private const SettingReaders App = SettingReaders.Host | SettingReaders.Functions;
    private const SettingReaders Watched = SettingReaders.Functions | SettingReaders.Job;
    private static readonly TimeSpan ASecond = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AWeek = TimeSpan.FromDays(7);

    public static ConnectionSettings HostStorage { get; } = ConnectionSettings.Storage(Contracts.Connections.Host, "the Functions host's own storage account", SettingReaders.Host);
    public static ConnectionSettings Slices { get; } = ConnectionSettings.Storage(
        Contracts.Connections.Slices, "the storage account of slices, results and models", App | SettingReaders.Job);
    public static ConnectionSettings ServiceBus { get; } = ConnectionSettings.ServiceBus(
        Contracts.Connections.ServiceBus, "the Service Bus namespace", SettingReaders.Host | SettingReaders.Job);

    public static IReadOnlyList<ConnectionSettings> Connections { get; } = [HostStorage, Slices, ServiceBus];

    public static ScheduleSetting ReconcileSchedule { get; } = new(
        Settings.ReconcileSchedule, "When scans without a result are looked for (UTC)", SettingReaders.Host, Settings.DefaultReconcileSchedule) { IsRequired = true };
    public static DurationSetting ReconcileAfter { get; } = new(
        Settings.ReconcileAfter, "Age at which a scan without a result is asked for again; twice as long each further time, up to a day", SettingReaders.Functions, ASecond, AWeek) { Unless = TimeSpan.FromMinutes(10) };
    public static WholeNumberSetting MaxAttempts { get; } = new(
        Settings.MaxAttempts, "Requests for one scan, the first included", SettingReaders.Functions, 1, 100) { Unless = 8 };
    public static WholeNumberSetting ReconcileBatch { get; } = new(
        Settings.ReconcileBatch, "Scans that one look takes on", SettingReaders.Functions, 1, 5000) { Unless = 200 };
    public static ScheduleSetting RetrainingSchedule { get; } = new(
        Settings.RetrainingSchedule, "When the model is retrained (UTC)", SettingReaders.Host, Settings.DefaultRetrainingSchedule) { IsRequired = true };
    public static PositiveNumberSetting RetrainingMinutes { get; } = new(
        Settings.RetrainingMinutes, "Minutes that a nightly run trains at most; no limit where it is not set", SettingReaders.Functions, TrainingRunTerms.MaxMinutes);
    public static SwitchSetting RetrainingFromScratch { get; } = new(
        Settings.RetrainingFromScratch, "Whether a nightly run begins with random weights instead of those of the model in use", SettingReaders.Functions) { Unless = false };
    public static PositiveNumberSetting RetrainingShadowShare { get; } = new(
        Settings.RetrainingShadowShare, "Share of the live slices on which a model that passed runs in shadow first; no shadow where it is not set", SettingReaders.Functions, 1);
    public static ScheduleSetting TrainingRunsSchedule { get; } = new(
        Settings.TrainingRunsSchedule, "When training runs without a sign of life are looked for (UTC)", SettingReaders.Host, Settings.DefaultTrainingRunsSchedule) { IsRequired = true };
    public static DurationSetting TrainingRunsAfter { get; } = new(
        Settings.TrainingRunsAfter, "Age of its last sign at which a training run is asked for again", SettingReaders.Functions, ASecond, AWeek) { Unless = TimeSpan.FromMinutes(10) };
    public static WholeNumberSetting MaxTrainingAttempts { get; } = new(
        Settings.MaxTrainingAttempts, "Requests for one training run, the first included; high, so that a run that is evicted often is not given up", SettingReaders.Functions, 1, 10_000) { Unless = 100 };
    public static WholeNumberSetting MaxUploadBytes { get; } = new(
        Settings.MaxUploadBytes, "Bytes of one upload", SettingReaders.Functions | SettingReaders.Job, 1, 512L * 1024 * 1024) { Unless = 64L * 1024 * 1024 };
    public static WholeNumberSetting MaxImagePixels { get; } = new(
        Settings.MaxImagePixels, "Pixels of one image", SettingReaders.Functions, 1, int.MaxValue) { Unless = ImageLimits.Default.MaxPixels };
    public static WholeNumberSetting MaxDecodedBytes { get; } = new(
        Settings.MaxDecodedBytes, "Bytes of the decoded samples of one image", SettingReaders.Functions, 1, int.MaxValue) { Unless = ImageLimits.Default.MaxDecodedBytes };
    public static WholeNumberSetting MaxNestedItems { get; } = new(
        Settings.MaxNestedItems, "Items inside one file, TIFF directories for example", SettingReaders.Functions, 1, ushort.MaxValue) { Unless = ImageLimits.Default.MaxNestedItems };
    public static TextSetting TrustedModelKeys { get; } = new(
        Settings.TrustedModelKeys, "Public keys; models that none of them signed are refused", SettingReaders.Job, "public keys in PEM, or a file with them");
    public static TextSetting ModelSigningKey { get; } = new(
        Settings.ModelSigningKey, "Private key that retrain signs its models with", SettingReaders.Job, "a private key in PEM, or a file with it") { IsSecret = true };
    public static ClientIdSetting DefaultClientId { get; } = new(
        ConnectionIdentity.DefaultClientId, "Which of the user-assigned identities is taken where a connection names none", SettingReaders.Libraries);
    public static WholeNumberSetting Port { get; } = new(
        "FUNCTIONS_CUSTOMHANDLER_PORT", "Port on 127.0.0.1 that the host chose; older hosts say FUNCTIONS_HTTPWORKER_PORT", SettingReaders.Functions, 0, ushort.MaxValue) { IsRequired = true };
    public static WholeNumberSetting OlderPort { get; } = Port with { Name = "FUNCTIONS_HTTPWORKER_PORT", IsRequired = false };

    /// <value>Where spans, metrics and logs go; read by <see cref="TelemetrySettings"/> and OpenTelemetry.</value>
    public static IReadOnlyList<Setting> Telemetry { get; } =
    [
        new TextSetting(TelemetrySettings.OtlpEndpointVariable, "Where spans, metrics and logs go by OTLP; nowhere unless set", Watched, "an address that begins with http:// or https://"),
        new WordSetting(TelemetrySettings.OtlpProtocolVariable, "How they go there", Watched, TelemetrySettings.OtlpProtocols),
        new TextSetting(TelemetrySettings.AzureMonitorVariable, "Application Insights that they go to as well", Watched, "a connection string with an InstrumentationKey") { IsSecret = true },
        new TextSetting(
            TelemetrySettings.AuthenticationVariable, "The identity that Application Insights is entered with", Watched, "Authorization=AAD, and ;ClientId= of the identity where there are several"),
    ];

    /// <value>What the host takes from the settings into schedules.</value>
    public static IReadOnlyList<ScheduleSetting> Schedules { get; } = [ReconcileSchedule, RetrainingSchedule, TrainingRunsSchedule];

    public static IReadOnlyList<Setting> All { get; } =
    [
        .. Connections.SelectMany(connection => connection.All), DefaultClientId,
        ReconcileSchedule, ReconcileAfter, MaxAttempts, ReconcileBatch,
        RetrainingSchedule, RetrainingMinutes, RetrainingFromScratch, RetrainingShadowShare,
        TrainingRunsSchedule, TrainingRunsAfter, MaxTrainingAttempts,
        MaxUploadBytes, MaxImagePixels, MaxDecodedBytes, MaxNestedItems,
        TrustedModelKeys, ModelSigningKey,
        Port, OlderPort,
        .. Telemetry,
        new TextSetting("CTSEG_NODE", "Program that runs Azurite; node in PATH where it is not set", SettingReaders.Local, "a program"),
        new TextSetting("CTSEG_SERVICEBUS_KEY", "Key of the Service Bus emulator, where it is started alone", SettingReaders.Local, "a key in base64") { IsSecret = true },
        new TextSetting("CTSEG_FUNCTION_KEY", "Key of the HTTP functions, where the local host is started alone", SettingReaders.Local, "a key") { IsSecret = true },
    ];
}
