using System.Text.Json;
using System.Text.Json.Nodes;

namespace CtSeg.Local.Stack;

/// <summary>
/// The function app of one stack: a copy of the built app with its own settings, so that a second stack beside it works.
/// <c>func start</c> of the Core Tools runs the same folder.
/// </summary>
internal static class FunctionAppFolder
{
    public const string SettingsFile = "local.settings.json";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <param name="built">The built app: host.json, the handler and a folder with function.json for each function.</param>
    /// <param name="settings">Connections and other settings by name.</param>
    /// <exception cref="Processes.StartFailedException">The app was not built.</exception>
    public static void Prepare(string built, string folder, IReadOnlyDictionary<string, string> settings)
    {
        if (!File.Exists(Path.Combine(built, "host.json")))
            throw new Processes.StartFailedException($"The function app was not built: {built} holds no host.json. Run ./ctseg, which builds it.");
        foreach (var source in Directory.GetFiles(built, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(folder, Path.GetRelativePath(built, source));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(source, target, overwrite: true);
        }
        WriteSettings(Path.Combine(folder, SettingsFile), settings);
    }

    private static void WriteSettings(string file, IReadOnlyDictionary<string, string> settings)
    {
        var values = new JsonObject { ["FUNCTIONS_WORKER_RUNTIME"] = "custom" };
        foreach (var (name, value) in settings.OrderBy(setting => setting.Key, StringComparer.Ordinal))
            values[name] = value;
        var document = new JsonObject { ["IsEncrypted"] = false, ["Values"] = values };
        File.WriteAllText(file, document.ToJsonString(Indented));
    }
}
