using System.Globalization;
using Azure.Storage.Blobs;
using CtSeg.Imaging;
using CtSeg.Models;
using CtSeg.Recovery;
using CtSeg.Scans;
using CtSeg.Telemetry;
using CtSeg.TrainingRuns;
using Names = CtSeg.Contracts.Settings;

namespace CtSeg.Functions.Settings;

/// <summary>What the functions are told by application settings (environment variables).</summary>
internal sealed record FunctionsOptions
{
    private const long MaxUploadCap = 512L * 1024 * 1024;

    /// <value>Port on 127.0.0.1 that the host chose; 0 takes a free one.</value>
    public required int Port { get; init; }

    /// <value>The account of setting <c>SlicesStorage</c>.</value>
    public required BlobServiceClient Storage { get; init; }

    /// <value>Bytes of one upload, setting <c>MaxUploadBytes</c>, 1 to 536,870,912; 67,108,864 unless set.</value>
    public long MaxUploadBytes { get; init; } = 64L * 1024 * 1024;

    /// <value>Settings <c>MaxImagePixels</c>, <c>MaxDecodedBytes</c>, <c>MaxNestedItems</c>; see there for the defaults.</value>
    public ImageLimits ImageLimits { get; init; } = ImageLimits.Default;

    /// <value>
    /// Settings <c>ReconcileAfter</c> (00:00:01 to 7.00:00:00, 00:10:00 unless set), <c>MaxSegmentationAttempts</c> (1 to
    /// 100, 4 unless set: the first request and three more) and <c>ReconcileBatch</c> (1 to 5,000, 200 unless set).
    /// </value>
    public ReconcilePolicy Reconcile { get; init; } = new(TimeSpan.FromMinutes(10), MaxAttempts: 4, MaxScans: 200);

    /// <value>
    /// Settings <c>TrainingRunsAfter</c> (00:00:01 to 7.00:00:00, 00:10:00 unless set) and <c>MaxTrainingAttempts</c> (1 to 10,000, 100 unless set: a run
    /// that is evicted often is not given up).
    /// </value>
    public TrainingRunPolicy TrainingRuns { get; init; } = new(TimeSpan.FromMinutes(10), MaxAttempts: 100);

    /// <value>
    /// What is asked for every night: settings <c>RetrainingMinutes</c> (no limit unless set), <c>RetrainingFromScratch</c> (false unless set) and
    /// <c>RetrainingShadowShare</c> (no shadow unless set); their ranges are those of <see cref="TrainingRunTerms"/>.
    /// </value>
    public TrainingRunRequest Night { get; init; } = new(TrainingRunRequest.BySchedule);

    /// <value>Where spans, metrics and logs go; nowhere unless set.</value>
    public TelemetrySettings Telemetry { get; init; } = TelemetrySettings.Off;

    /// <param name="setting">Looks a setting up; null when it is not set.</param>
    /// <exception cref="SettingsException">Lists all that is wrong.</exception>
    public static FunctionsOptions Read(Func<string, string?> setting)
    {
        var reader = new SettingsReader(setting);
        var limits = ImageLimits.Default;
        var options = new
        {
            Port = (int)reader.Number(PortSetting(setting), null, 0, ushort.MaxValue),
            Storage = reader.Storage(Contracts.Connections.Slices),
            MaxUploadBytes = reader.Number(Names.MaxUploadBytes, 64L * 1024 * 1024, 1, MaxUploadCap),
            MaxPixels = reader.Number(Names.MaxImagePixels, limits.MaxPixels, 1, int.MaxValue),
            MaxDecodedBytes = reader.Number(Names.MaxDecodedBytes, limits.MaxDecodedBytes, 1, int.MaxValue),
            MaxNestedItems = (int)reader.Number(Names.MaxNestedItems, limits.MaxNestedItems, 1, ushort.MaxValue),
            Age = reader.Duration(Names.ReconcileAfter, TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(1), TimeSpan.FromDays(7)),
            MaxAttempts = (int)reader.Number(Names.MaxAttempts, 4, 1, 100),
            MaxScans = (int)reader.Number(Names.ReconcileBatch, 200, 1, 5000),
            RunAge = reader.Duration(Names.TrainingRunsAfter, TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(1), TimeSpan.FromDays(7)),
            MaxRunAttempts = (int)reader.Number(Names.MaxTrainingAttempts, 100, 1, 10_000),
            Night = reader.Night(),
            Telemetry = reader.Telemetry(),
        };
        reader.ThrowIfWrong();
        return new FunctionsOptions
        {
            Port = options.Port,
            Storage = options.Storage!,
            MaxUploadBytes = options.MaxUploadBytes,
            ImageLimits = new ImageLimits
            {
                MaxPixels = options.MaxPixels,
                MaxDecodedBytes = options.MaxDecodedBytes,
                MaxNestedItems = options.MaxNestedItems,
            },
            Reconcile = new ReconcilePolicy(options.Age, options.MaxAttempts, options.MaxScans),
            TrainingRuns = new TrainingRunPolicy(options.RunAge, options.MaxRunAttempts),
            Night = options.Night,
            Telemetry = options.Telemetry,
        };
    }

    /// <summary>Older hosts know the older name only.</summary>
    private static string PortSetting(Func<string, string?> setting) =>
        string.IsNullOrEmpty(setting("FUNCTIONS_CUSTOMHANDLER_PORT")) && !string.IsNullOrEmpty(setting("FUNCTIONS_HTTPWORKER_PORT"))
            ? "FUNCTIONS_HTTPWORKER_PORT"
            : "FUNCTIONS_CUSTOMHANDLER_PORT";

    private sealed class SettingsReader(Func<string, string?> setting)
    {
        private readonly List<string> _wrong = [];

        /// <param name="unless">Taken when it is not set; null when it must be.</param>
        public long Number(string name, long? unless, long min, long max)
        {
            var text = setting(name);
            if (string.IsNullOrEmpty(text) && unless is { } value)
                return value;
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= min && value <= max)
                return value;
            return Wrong<long>(name, text, string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}"));
        }

        public TimeSpan Duration(string name, TimeSpan unless, TimeSpan min, TimeSpan max)
        {
            var text = setting(name);
            if (string.IsNullOrEmpty(text))
                return unless;
            if (TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
                return value;
            return Wrong<TimeSpan>(name, text, $"a duration from {min:c} to {max:c}");
        }

        public TrainingRunRequest Night()
        {
            var share = Number(Names.RetrainingShadowShare);
            var night = new TrainingRunRequest(TrainingRunRequest.BySchedule)
            {
                Minutes = Number(Names.RetrainingMinutes),
                FromScratch = Switch(Names.RetrainingFromScratch),
                Shadow = share is { } live ? new ShadowTerms(live) : null,
            };
            foreach (var problem in TrainingRunTerms.ProblemsOf(night))
                _wrong.Add($"{Names.RetrainingMinutes} and {Names.RetrainingShadowShare} ask for a nightly training run that cannot be: {problem}");
            return night;
        }

        public TelemetrySettings Telemetry()
        {
            var telemetry = TelemetrySettings.Read(setting, out var problems);
            _wrong.AddRange(problems);
            return telemetry;
        }

        /// <returns>Null when it is not set.</returns>
        private double? Number(string name)
        {
            var text = setting(name);
            if (string.IsNullOrEmpty(text))
                return null;
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
                return value;
            Wrong<double>(name, text, "a number");
            return null;
        }

        private bool Switch(string name)
        {
            var text = setting(name);
            return !string.IsNullOrEmpty(text) && (bool.TryParse(text, out var value) ? value : Wrong<bool>(name, text, "true or false"));
        }

        public BlobServiceClient? Storage(string connection)
        {
            try
            {
                return StorageConnection.Open(connection, setting);
            }
            catch (InvalidOperationException e)
            {
                _wrong.Add(e.Message);
            }
            catch (FormatException)
            {
                // The message of the exception may show a part of the key.
                _wrong.Add($"{connection} is no storage connection string or no endpoint: copy it anew from the storage account.");
            }
            return null;
        }

        public void ThrowIfWrong()
        {
            if (_wrong.Count > 0)
                throw new SettingsException(string.Join(Environment.NewLine, _wrong.Prepend("The functions cannot start with these settings:")));
        }

        private T Wrong<T>(string name, string? text, string expected)
            where T : struct
        {
            _wrong.Add(string.IsNullOrEmpty(text) ? $"{name} is not set: it must be {expected}." : $"{name} is '{text}': it must be {expected}.");
            return default;
        }
    }
}

/// <summary>The settings do not allow a start; the message lists every reason.</summary>
internal sealed class SettingsException : Exception
{
    public SettingsException() { }
    public SettingsException(string message) : base(message) { }
    public SettingsException(string message, Exception innerException) : base(message, innerException) { }
}
