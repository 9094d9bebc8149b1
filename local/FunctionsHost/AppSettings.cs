using System.Collections;
using System.Text.RegularExpressions;
using Newtonsoft.Json.Linq;

namespace CtSeg.Local.FunctionsHost;

/// <summary>Application settings by name: <c>local.settings.json</c>, overridden by the environment, overridden by the caller.</summary>
internal sealed partial class AppSettings
{
    private const string Prefix = "AzureWebJobs";
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

    /// <summary>Names between percent signs of which there is no setting.</summary>
    public IEnumerable<string> Missing(string text) =>
        Placeholder().Matches(text).Select(match => match.Groups["name"].Value).Where(name => Find(name) is null);

    /// <summary>The connection of that name, which may also be set under the prefix <c>AzureWebJobs</c>.</summary>
    public HostConnection Connection(string name) => new(IsSet(name) || !IsSet(Prefix + name) ? name : Prefix + name, this);

    private bool IsSet(string connection) => _values.Any(setting =>
        setting.Value.Length > 0
        && (setting.Key.Equals(connection, StringComparison.OrdinalIgnoreCase) || setting.Key.StartsWith(connection + "__", StringComparison.OrdinalIgnoreCase)));

    [GeneratedRegex("%(?<name>[^%]+)%", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Placeholder();
}
