using System.Text;

namespace CtSeg.Configuration;

/// <summary>The settings as the table of docs/settings.md.</summary>
public static class SettingsTable
{
    public static string ToMarkdown()
    {
        var text = new StringBuilder("| name | meaning | default | value | read by |\n|---|---|---|---|---|\n");
        foreach (var setting in SettingCatalogue.All)
            text.Append($"| `{setting.Name}` | {setting.Meaning}{(setting.IsRequired ? "; must be set" : "")} | {DefaultOf(setting)} | {setting.Expected.Replace("|", "\\|", StringComparison.Ordinal)} | {ReadersOf(setting.ReadBy)} |\n");
        return text.ToString();
    }

    /// <returns>For example <c>host, functions</c>.</returns>
    public static string ReadersOf(SettingReaders readers) => string.Join(", ", Enum.GetValues<SettingReaders>()
        .Where(reader => reader != SettingReaders.None && readers.HasFlag(reader))
        .Select(reader => reader switch { SettingReaders.Local => "./ctseg", _ => reader.ToString().ToLowerInvariant() }));

    private static string DefaultOf(Setting setting) => setting switch
    {
        { Default.Length: 0 } => "",
        // A required one has none: what is shown is what up and the templates set.
        { IsRequired: true } => $"(usual: `{setting.Default}`)",
        _ => $"`{setting.Default}`",
    };
}
