using CtSeg.Configuration;

namespace CtSeg.Local.FunctionsHost;

/// <summary>Looks at the settings of an app before it is started, and says of all that is wrong at once.</summary>
internal static class AppSettingsCheck
{
    /// <exception cref="FunctionAppException">Lists all that is wrong; no secret is repeated.</exception>
    public static void ThrowIfWrong(FunctionApp app)
    {
        List<string> problems = [.. MissingPlaceholders(app), .. ConnectionProblems(app), .. CatalogueProblems(app.Settings)];
        if (problems.Count > 0)
            throw new FunctionAppException($"The app cannot start with these settings: {string.Join(" ", problems.Distinct(StringComparer.Ordinal))}") { IsOfSettings = true };
    }

    private static IEnumerable<Binding> BindingsOf(FunctionApp app) => app.Functions.SelectMany(function => function.Outputs.Prepend(function.Trigger));

    private static IEnumerable<string> MissingPlaceholders(FunctionApp app) => BindingsOf(app)
        .SelectMany(binding => binding.Properties.Properties().SelectMany(property => app.Settings.Missing(property.Value.ToString())))
        .Select(name => $"'{name}' is named by a function.json but does not exist: add it to the environment or to Values in local.settings.json.");

    private static IEnumerable<string> ConnectionProblems(FunctionApp app)
    {
        foreach (Binding binding in BindingsOf(app))
        {
            if (binding.Properties.Value<string>("connection") is { } named && app.Settings.Missing(named).Any())
                continue;
            if (binding.Is("serviceBusTrigger") || binding.Is("serviceBus"))
                foreach (string problem in ProblemsOf(binding.Connection("AzureWebJobsServiceBus"), ConnectionSettings.ServiceBus, needed: 1))
                    yield return problem;
            else if (binding.Is("blobTrigger") || binding.Is("queueTrigger") || binding.Is("queue") || binding.Is("blob"))
                foreach (string problem in ProblemsOf(binding.Connection("AzureWebJobsStorage"), ConnectionSettings.Storage, needed: binding.Is("blob") ? 1 : 2))
                    yield return problem;
            // Receipts of blobs are kept in the host's own storage.
            if (binding.Is("blobTrigger"))
                foreach (string problem in ProblemsOf(app.Settings.Connection("AzureWebJobsStorage"), ConnectionSettings.Storage, needed: 1))
                    yield return problem;
        }
    }

    private static IEnumerable<string> ProblemsOf(HostConnection connection, Func<string, string, SettingReaders, ConnectionSettings> kind, int needed) =>
        kind(connection.Name, "a binding", SettingReaders.Host).ProblemsOf(connection.Setting, needed);

    /// <summary>What the handler would refuse to start with, and what nobody would read.</summary>
    private static IEnumerable<string> CatalogueProblems(AppSettings settings) =>
        SettingCatalogue.All.Where(setting => settings.Find(setting.Name) is { Length: > 0 }).Select(setting => setting.ProblemOf(settings.Find(setting.Name))).OfType<string>()
            .Concat(MistypedNames.Among(settings.Values.Keys));
}
