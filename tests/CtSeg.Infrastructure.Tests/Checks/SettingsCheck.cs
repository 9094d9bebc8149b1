using CtSeg.Configuration;
using CtSeg.Contracts;
using CtSeg.Infrastructure.Tests.Bicep;
using CtSeg.Telemetry;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>Programs get the settings that they read, none that nobody reads, and no value that they would refuse.</summary>
internal sealed class SettingsCheck : TemplateCheck
{
    // What the telemetry libraries tell Microsoft of themselves, which no private endpoint takes.
    private static readonly string[] OwnTelemetry = ["APPLICATIONINSIGHTS_SDKSTATS_DISABLED", "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL"];

    // Where the Functions host keeps its keys, which a container app must say.
    private const string KeyStorage = "AzureWebJobsSecretStorageType";

    // What the Functions host logs of a call names its blob.
    private const string HostLogs = "AzureFunctionsJobHost__logging__logLevel__Function";

    // Read by others than our code.
    private static readonly string[] OfLibraries = [.. OwnTelemetry, KeyStorage, HostLogs, "MALLOC_ARENA_MAX", "FUNCTIONS_WORKER_RUNTIME"];

    private static readonly string[] NeededByAll =
    [
        ConnectionSettings.BlobEndpoint(Connections.Slices), ConnectionSettings.Namespace(Connections.ServiceBus),
        ConnectionSettings.Credential(Connections.Slices), ConnectionSettings.Credential(Connections.ServiceBus),
        SettingCatalogue.DefaultClientId.Name, TelemetrySettings.AzureMonitorVariable, TelemetrySettings.AuthenticationVariable,
    ];

    private static readonly string[] NeededByFunctions =
    [
        .. NeededByAll, HostLogs, .. SettingCatalogue.Schedules.Select(schedule => schedule.Name),
        ConnectionSettings.BlobEndpoint(Connections.Host), ConnectionSettings.QueueEndpoint(Connections.Host), ConnectionSettings.QueueEndpoint(Connections.Slices),
    ];

    public override Task<IReadOnlyList<string>> FindAsync(Template template) => ForEachAsync(template, deployment =>
    {
        var isPrivate = deployment.OfType("Microsoft.Network/privateEndpoints").Any();
        var isContainer = deployment.OfType("Microsoft.App/containerApps").Any();
        var functions = Problems("The functions", FunctionsOf(deployment), Needed(isContainer ? [.. NeededByFunctions, KeyStorage] : NeededByFunctions), SettingReaders.Host | SettingReaders.Functions);
        return functions.Concat(deployment.OfType("Microsoft.App/jobs").SelectMany(job => Problems(job.Name, SettingsIn(job), Needed(NeededByAll), SettingReaders.Job)));

        IEnumerable<string> Needed(IEnumerable<string> names) => isPrivate ? names.Concat(OwnTelemetry) : names;
    });

    private static IEnumerable<string> Problems(string program, IReadOnlyDictionary<string, string> settings, IEnumerable<string> needed, SettingReaders readers)
    {
        var known = SettingCatalogue.All.Where(setting => (setting.ReadBy & (readers | SettingReaders.Libraries)) != SettingReaders.None).ToDictionary(setting => setting.Name);
        return
        [
            .. needed.Except(settings.Keys).Select(name => $"{program}: the setting '{name}' is missing."),
            .. settings.Keys.Where(name => !known.ContainsKey(name) && !OfLibraries.Contains(name)).Select(name => $"{program}: nobody reads the setting '{name}'."),
            .. settings.Where(setting => IsKnown(setting.Value)).Select(setting => known.GetValueOrDefault(setting.Key)?.ProblemOf(setting.Value)).OfType<string>()
                .Select(problem => $"{program}: {problem}"),
        ];
    }

    /// <summary>Before the deployment; the rest are expressions.</summary>
    private static bool IsKnown(string value) => !value.StartsWith('[');

    private static Dictionary<string, string> FunctionsOf(Deployment deployment) =>
        deployment.OfType("Microsoft.Web/sites/config").FirstOrDefault(config => config.ShortName == "appsettings") is { } site
            ? site.At("properties")!.Value.EnumerateObject().ToDictionary(setting => setting.Name, setting => setting.Value.GetString()!)
            : SettingsIn(deployment.OfType("Microsoft.App/containerApps").Single());

    private static Dictionary<string, string> SettingsIn(Resource app) =>
        app.At("properties", "template", "containers", "0", "env")!.Value.EnumerateArray()
            .ToDictionary(setting => setting.GetProperty("name").GetString()!, setting => setting.TryGetProperty("value", out var value) ? value.GetString()! : $"[secret {setting.GetProperty("secretRef").GetString()}]");
}
