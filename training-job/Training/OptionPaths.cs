using System.Text.Json;
using System.Text.Json.Nodes;

namespace CtSeg.TrainingJob.Training;

/// <summary>Options of a training by their paths in a recipe file, such as "configuration.baseChannels".</summary>
internal static class OptionPaths
{
    public static Dictionary<string, JsonNode?> Of(TrainingOptions options) =>
        Of(JsonSerializer.SerializeToNode(options, TrainingJson.Default.TrainingOptions)!.AsObject());

    public static Dictionary<string, JsonNode?> Of(JsonObject options)
    {
        var values = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        Add(options, prefix: "");
        return values;

        void Add(JsonObject part, string prefix)
        {
            foreach (var (name, value) in part)
            {
                if (value is JsonObject inner)
                    Add(inner, $"{prefix}{name}.");
                else
                    values[prefix + name] = value;
            }
        }
    }

    /// <summary>For a user whose options are not those of what is there.</summary>
    /// <returns>The first option of another value, such as "epochs: 60 there, 80 here"; null where all are equal.</returns>
    public static string? FindDifference(TrainingOptions there, TrainingOptions here)
    {
        var (one, other) = (Of(there), Of(here));
        var path = one.Keys.Union(other.Keys).FirstOrDefault(path => !JsonNode.DeepEquals(one.GetValueOrDefault(path), other.GetValueOrDefault(path)));
        return path is null ? null : $"{path}: {Text(one)} there, {Text(other)} here";

        string Text(Dictionary<string, JsonNode?> options) => options.GetValueOrDefault(path) is { } value ? value.ToJsonString() : "none";
    }
}
