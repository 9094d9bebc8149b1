using System.Text.Json;
using System.Text.Json.Nodes;
using CtSeg.Models;

namespace CtSeg.TrainingJob.Training;

/// <summary>A model card in a file: a JSON object with exactly the fields of <see cref="ModelCard"/>, each a text.</summary>
internal static class ModelCardFile
{
    // Some sentences, which every reader of the model's manifest loads.
    private const int MaxBytes = 64 << 10;

    private static readonly string[] Fields = ["data", "dataLicence", "intendedUse", "notIntendedFor", "documentation"];
    private static readonly JsonDocumentOptions OnceEach = new() { AllowDuplicateProperties = false };

    /// <exception cref="InvalidDataException">The file cannot be read, or a field is missing, empty, unknown or there twice; the message says which.</exception>
    public static ModelCard Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaxBytes)
                throw new JsonException($"it has more than {MaxBytes} bytes.");
            var given = JsonNode.Parse(File.ReadAllText(path), documentOptions: OnceEach) as JsonObject ?? throw new JsonException("it is not a JSON object.");
            if (given.Select(field => field.Key).FirstOrDefault(name => !Fields.Contains(name)) is { } unknown)
                throw new JsonException($"there is no field '{unknown}'; a card has {string.Join(", ", Fields)}.");
            var card = new ModelCard(Text(given, Fields[0]), Text(given, Fields[1]), Text(given, Fields[2]), Text(given, Fields[3]), Text(given, Fields[4]));
            card.Validate();
            return card;
        }
        // The last is what a text of half a character makes.
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"The model card '{path}' cannot be read: {exception.Message}", exception);
        }
    }

    private static string Text(JsonObject given, string field) => given[field] switch
    {
        null => throw new JsonException($"'{field}' is missing."),
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        _ => throw new JsonException($"'{field}' is no text."),
    };
}
