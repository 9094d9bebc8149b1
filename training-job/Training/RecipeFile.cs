using System.Text.Json;
using System.Text.Json.Nodes;

namespace CtSeg.TrainingJob.Training;

/// <summary>A recipe in a file: a JSON object like the options in training.json, with those that differ from the defaults.</summary>
internal static class RecipeFile
{
    private static readonly JsonDocumentOptions OnceEach = new() { AllowDuplicateProperties = false };

    /// <exception cref="InvalidDataException">The file cannot be read, names an option that there is not, or one twice.</exception>
    public static TrainingOptions Read(string path)
    {
        var options = JsonSerializer.SerializeToNode(new TrainingOptions(), TrainingJson.Default.TrainingOptions)!.AsObject();
        try
        {
            Change(options, JsonNode.Parse(File.ReadAllText(path), documentOptions: OnceEach) as JsonObject ?? throw new JsonException("it is not a JSON object."), prefix: "");
            return options.Deserialize(TrainingJson.Default.TrainingOptions)!;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new InvalidDataException($"The recipe '{path}' cannot be read: {exception.Message}", exception);
        }
    }

    private static void Change(JsonObject options, JsonObject changes, string prefix)
    {
        foreach (var (name, value) in changes)
        {
            if (!options.ContainsKey(name))
                throw new JsonException($"there is no option '{prefix}{name}'; training.json shows all.");
            // Options that may be null are so by default.
            if (value is null ? options[name] is not null : value is JsonArray list && list.Contains(null))
                throw new JsonException($"'{prefix}{name}' is null or holds one: leave it out for the default.");
            if (options[name] is JsonObject part && value is JsonObject changesOfPart)
                Change(part, changesOfPart, $"{prefix}{name}.");
            else
                options[name] = value?.DeepClone();
        }
    }
}
