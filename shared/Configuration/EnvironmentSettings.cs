using System.Collections;

namespace CtSeg.Configuration;

/// <summary>The environment variables of this process.</summary>
public static class EnvironmentSettings
{
    public static IReadOnlyDictionary<string, string> Read()
    {
        var settings = new Dictionary<string, string>(OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
            settings[(string)variable.Key] = (string?)variable.Value ?? "";
        return settings;
    }
}
