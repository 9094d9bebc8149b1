using Azure.Storage.Blobs;
using CtSeg.Configuration;
using CtSeg.Imaging;
using CtSeg.Models;
using CtSeg.Recovery;
using CtSeg.Scans;
using CtSeg.Telemetry;
using CtSeg.TrainingRuns;
using Catalogue = CtSeg.Configuration.SettingCatalogue;

namespace CtSeg.Functions.Settings;

/// <summary>What the functions are told by application settings (environment variables); names, defaults and ranges are those of <see cref="Catalogue"/>.</summary>
internal sealed record FunctionsOptions
{
    /// <value>Port on 127.0.0.1 that the host chose; 0 takes a free one.</value>
    public required int Port { get; init; }

    /// <value>The account of setting <c>SlicesStorage</c>.</value>
    public required BlobServiceClient Storage { get; init; }

    /// <value>Bytes of one upload.</value>
    public required long MaxUploadBytes { get; init; }

    public required ImageLimits ImageLimits { get; init; }

    public required ReconcilePolicy Reconcile { get; init; }

    public required TrainingRunPolicy TrainingRuns { get; init; }

    /// <value>What is asked for every night.</value>
    public required TrainingRunRequest Night { get; init; }

    /// <value>Where spans, metrics and logs go; nowhere unless set.</value>
    public TelemetrySettings Telemetry { get; init; } = TelemetrySettings.Off;

    /// <param name="settings">All that is set, by name.</param>
    /// <exception cref="SettingsException">Lists all that is wrong.</exception>
    public static FunctionsOptions Read(IReadOnlyDictionary<string, string> settings)
    {
        var reader = new SettingsReader(settings.GetValueOrDefault);
        var options = new FunctionsOptions
        {
            Port = (int)reader.Read(IsSet(Catalogue.OlderPort) && !IsSet(Catalogue.Port) ? Catalogue.OlderPort : Catalogue.Port),
            Storage = null!,
            MaxUploadBytes = reader.Read(Catalogue.MaxUploadBytes),
            ImageLimits = new ImageLimits
            {
                MaxPixels = reader.Read(Catalogue.MaxImagePixels),
                MaxDecodedBytes = reader.Read(Catalogue.MaxDecodedBytes),
                MaxNestedItems = (int)reader.Read(Catalogue.MaxNestedItems),
            },
            Reconcile = new ReconcilePolicy(
                reader.Read(Catalogue.ReconcileAfter), (int)reader.Read(Catalogue.MaxAttempts), (int)reader.Read(Catalogue.ReconcileBatch)),
            TrainingRuns = new TrainingRunPolicy(reader.Read(Catalogue.TrainingRunsAfter), (int)reader.Read(Catalogue.MaxTrainingAttempts)),
            Night = NightOf(reader),
            Telemetry = TelemetrySettings.Read(settings.GetValueOrDefault, out var wrong),
        };
        foreach (var problem in wrong)
            reader.Add(problem);
        CheckConnections(reader);
        foreach (var schedule in Catalogue.Schedules)
            reader.Check(schedule);
        reader.CheckNames(settings.Keys);
        if (reader.Problems.Count > 0)
            throw new SettingsException(string.Join(Environment.NewLine, reader.Problems.Prepend("The functions cannot start with these settings:")));
        return options with { Storage = StorageConnection.Open(Contracts.Connections.Slices, settings.GetValueOrDefault) };

        bool IsSet(Setting one) => !string.IsNullOrEmpty(settings.GetValueOrDefault(one.Name));
    }

    /// <summary>
    /// Those of the host too, which says nothing of them before a trigger fails: of the slices it needs the storage queues. Its own storage is the exception:
    /// it may be set in ways that only the host knows (<c>AzureWebJobsStorage__accountName</c>), no function reads it, and without it the host says so itself.
    /// </summary>
    private static void CheckConnections(SettingsReader reader)
    {
        reader.Check(Catalogue.HostStorage, needed: 0);
        reader.Check(Catalogue.Slices, needed: Catalogue.Slices.Endpoints.Count);
        reader.Check(Catalogue.ServiceBus, needed: Catalogue.ServiceBus.Endpoints.Count);
        reader.Check(Catalogue.DefaultClientId);
    }

    private static TrainingRunRequest NightOf(SettingsReader reader) => new(TrainingRunRequest.BySchedule)
    {
        Minutes = reader.ReadOptional(Catalogue.RetrainingMinutes),
        FromScratch = reader.Read(Catalogue.RetrainingFromScratch),
        Shadow = reader.ReadOptional(Catalogue.RetrainingShadowShare) is { } live ? new ShadowTerms(live) : null,
    };
}

/// <summary>The settings do not allow a start; the message lists every reason.</summary>
internal sealed class SettingsException : Exception
{
    /// <summary>As of a program that is called wrongly.</summary>
    public const int ExitCode = 2;

    public SettingsException() { }
    public SettingsException(string message) : base(message) { }
    public SettingsException(string message, Exception innerException) : base(message, innerException) { }
}
