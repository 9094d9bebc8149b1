using System.Reflection;
using CtSeg.Contracts;
using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>Programs get the settings that they read, and none that nobody reads.</summary>
internal sealed class SettingsCheck : TemplateCheck
{
    private static readonly string[] Required = [Settings.ReconcileSchedule, Settings.RetrainingSchedule, Settings.TrainingRunsSchedule];

    // Read by libraries, not by our code.
    private static readonly string[] OfLibraries =
    [
        "APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "AZURE_CLIENT_ID", "MALLOC_ARENA_MAX", "FUNCTIONS_WORKER_RUNTIME",
    ];

    private static readonly Dictionary<string, string[]> OfConnections = new()
    {
        [Connections.Host] = ["blobServiceUri", "queueServiceUri", "credential", "clientId"],
        [Connections.Slices] = ["blobServiceUri", "queueServiceUri", "credential", "clientId"],
        [Connections.ServiceBus] = ["fullyQualifiedNamespace", "credential", "clientId"],
    };

    private static readonly HashSet<string> Known =
    [
        .. typeof(Settings).GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => !field.Name.StartsWith("Default", StringComparison.Ordinal))
            .Select(field => (string)field.GetValue(null)!),
        .. OfLibraries,
        .. OfConnections.SelectMany(connection => connection.Value.Select(part => $"{connection.Key}__{part}")),
    ];

    public override Task<IReadOnlyList<string>> FindAsync(Template template) => ForEachAsync(template, deployment =>
    {
        var functions = FunctionsOf(deployment);
        var jobs = deployment.OfType("Microsoft.App/jobs").Select(job => (Program: job.Name, Settings: NamesIn(job)));
        string[] ofFunctions = [.. Required, $"{Connections.Host}__blobServiceUri", $"{Connections.Host}__queueServiceUri", $"{Connections.Slices}__blobServiceUri", $"{Connections.Slices}__queueServiceUri", $"{Connections.ServiceBus}__fullyQualifiedNamespace"];
        string[] ofJobs = [$"{Connections.Slices}__blobServiceUri", $"{Connections.ServiceBus}__fullyQualifiedNamespace", "AZURE_CLIENT_ID", "APPLICATIONINSIGHTS_CONNECTION_STRING"];
        return Problems("The functions", functions, ofFunctions).Concat(jobs.SelectMany(job => Problems(job.Program, job.Settings, ofJobs)));
    });

    private static IEnumerable<string> Problems(string program, IReadOnlyCollection<string> settings, IEnumerable<string> required) =>
        required.Except(settings).Select(name => $"{program}: the setting '{name}' is missing.")
            .Concat(settings.Where(name => !Known.Contains(name)).Select(name => $"{program}: nobody reads the setting '{name}'."));

    private static IReadOnlyCollection<string> FunctionsOf(Deployment deployment) =>
        deployment.OfType("Microsoft.Web/sites/config").FirstOrDefault(config => config.ShortName == "appsettings") is { } site
            ? [.. site.At("properties")!.Value.EnumerateObject().Select(setting => setting.Name)]
            : NamesIn(deployment.OfType("Microsoft.App/containerApps").Single());

    private static IReadOnlyCollection<string> NamesIn(Resource app) =>
        [.. app.At("properties", "template", "containers", "0", "env")!.Value.EnumerateArray().Select(setting => setting.GetProperty("name").GetString()!)];
}
