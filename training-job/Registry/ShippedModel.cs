using System.Text.Json;
using CtSeg.Models;

namespace CtSeg.TrainingJob.Registry;

/// <summary>The weights that come with the program: `weights/current.json` names the folder beside it.</summary>
internal static class ShippedModel
{
    public const string CurrentName = "current.json";

    /// <summary>Folder of the weights beside the program.</summary>
    public static string Root => Path.Combine(AppContext.BaseDirectory, "weights");

    /// <returns>The model folder that current.json names.</returns>
    /// <exception cref="ModelFolderException">There is none.</exception>
    public static string Folder(string root)
    {
        var path = Path.Combine(root, CurrentName);
        if (!File.Exists(path))
            throw new ModelFolderException($"'{path}' does not exist: name a model folder.");
        try
        {
            var current = JsonSerializer.Deserialize(File.ReadAllBytes(path), ModelsJson.Default.CurrentModel);
            if (current is null || Path.GetFileName(current.Version) != current.Version || current.Version is "" or "." or "..")
                throw new ModelFolderException($"'{path}' names no model version.");
            return Path.Combine(root, current.Version);
        }
        catch (JsonException exception)
        {
            throw new ModelFolderException($"'{path}' cannot be read: {exception.Message}");
        }
    }
}
