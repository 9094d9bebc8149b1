using System.CommandLine;
using System.Text.Json.Nodes;
using CtSeg.Configuration;
using Spectre.Console;

namespace CtSeg.TrainingJob;

/// <summary><c>ctseg-job settings</c>: what can be set, not what is.</summary>
internal static class SettingsCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print JSON instead of the table." };
        var markdown = new Option<bool>("--markdown") { Description = "Print the table of docs/settings.md." };
        var command = new Command("settings", """
            Lists the settings (environment variables; in Azure application settings) of all programs, with defaults and ranges.

            Examples:
              ctseg-job settings
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
            AnsiConsole.Write(Table());
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

    private static Table Table()
    {
        var table = new Table().AddColumns("name", "meaning", "default", "value", "read by");
        foreach (var setting in SettingCatalogue.All)
            table.AddRow(new Text(setting.Name), new Text(setting.Meaning), new Text(setting.Default), new Text(setting.Expected), new Text(SettingsTable.ReadersOf(setting.ReadBy)));
        return table;
    }
}
