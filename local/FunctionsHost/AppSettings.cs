using System.Collections;
using System.Text.RegularExpressions;
using Newtonsoft.Json.Linq;

namespace CtSeg.Local.FunctionsHost;

/// <summary>Application settings by name: <c>local.settings.json</c>, overridden by the environment, overridden by the caller.</summary>
internal sealed partial class AppSettings
{
    private readonly Dictionary<string, string> _values;

    public AppSettings(IReadOnlyDictionary<string, string> values) =>
        _values = new Dictionary<string, string>(values, StringComparer.OrdinalIgnoreCase);

    public IReadOnlyDictionary<string, string> Values => _values;

    /// <exception cref="FunctionAppException">local.settings.json is not JSON.</exception>
    public static AppSettings Load(string appRoot, IReadOnlyDictionary<string, string> overrides)
    {
        Dictionary<string, string> values = new(StringComparer.OrdinalIgnoreCase);
        string file = Path.Combine(appRoot, "local.settings.json");
        if (File.Exists(file))
            foreach (JProperty setting in (JsonFile.Read(file)[nameof(Values)] as JObject)?.Properties() ?? [])
                values[setting.Name] = setting.Value.ToString();

        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
            values[(string)variable.Key] = (string?)variable.Value ?? "";

        foreach ((string name, string value) in overrides)
            values[name] = value;
        return new AppSettings(values);
    }

    public string? Find(string name) => _values.GetValueOrDefault(name);

    /// <summary>Replaces every <c>%Name%</c>.</summary>
    /// <exception cref="FunctionAppException">A setting of that name does not exist.</exception>
    public string Resolve(string text) => Placeholder().Replace(text, match =>
        Find(match.Groups["name"].Value)
        ?? throw new FunctionAppException($"'{text}' names the setting '{match.Groups["name"].Value}', which does not exist: add it to the environment or to Values in local.settings.json."));

    /// <summary>The connection string of that name, also under the prefix <c>AzureWebJobs</c>.</summary>
    /// <exception cref="FunctionAppException">There is none, or only one for a managed identity.</exception>
    public string Connection(string name)
    {
        if ((Find(name) ?? Find("AzureWebJobs" + name)) is { Length: > 0 } connection)
            return connection;
        throw new FunctionAppException(_values.Keys.Any(key => key.StartsWith(name + "__", StringComparison.OrdinalIgnoreCase))
            ? $"The connection '{name}' is set for a managed identity, which this local host has not: set '{name}' to a connection string."
            : $"The connection '{name}' is not set: add a connection string '{name}' to the environment or to Values in local.settings.json.");
    }

    [GeneratedRegex("%(?<name>[^%]+)%", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Placeholder();
}
