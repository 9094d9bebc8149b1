using System.CommandLine;
using System.Text.Json.Nodes;
using CtSeg.Configuration;

namespace CtSeg.TrainingJob;

/// <summary><c>ctseg-job settings</c>: what can be set, not what is.</summary>
internal static class SettingsCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print JSON instead of the list." };
        var markdown = new Option<bool>("--markdown") { Description = "Print the table of docs/settings.md." };
        var command = new Command("settings", """
            Lists the settings (environment variables; in Azure application settings) of all programs, with defaults and ranges.

            Examples:
              ctseg-job settings
              ctseg-job settings | grep -A2 Reconcile
              ctseg-job settings --json
            """) { json, markdown };
        command.SetAction(parsed => Write(parsed.GetValue(json), parsed.GetValue(markdown), parsed.InvocationConfiguration.Output));
        return command;
    }

    private static int Write(bool json, bool markdown, TextWriter output)
    {
        if (json)
            output.WriteLine(Json().ToJsonString());
        else if (markdown)
            output.Write(SettingsTable.ToMarkdown());
        else
            List(output);
        return ExitCodes.Success;
    }

    private static JsonArray Json() => new(
    [
        .. SettingCatalogue.All.Select(setting => (JsonNode)new JsonObject
        {
            ["name"] = setting.Name,
            ["meaning"] = setting.Meaning,
            ["default"] = setting.Default,
            ["value"] = setting.Expected,
            ["readBy"] = SettingsTable.ReadersOf(setting.ReadBy),
            ["required"] = setting.IsRequired,
            ["secret"] = setting.IsSecret,
        }),
    ]);

    // No table: names and meanings are too long for columns, and whoever looks for one searches.
    private static void List(TextWriter output)
    {
        foreach (var setting in SettingCatalogue.All)
        {
            output.WriteLine(setting.Default.Length > 0 && !setting.IsRequired ? $"{setting.Name} = {setting.Default}" : setting.Name);
            output.WriteLine($"    {setting.Meaning}{(setting.IsRequired ? "; must be set" : "")}.");
            output.WriteLine($"    Value: {setting.Expected}. Read by {SettingsTable.ReadersOf(setting.ReadBy)}.");
        }
    }
}
