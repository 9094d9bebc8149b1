using System.Text.Json;

namespace CtSeg.Infrastructure.Tests.Bicep;

/// <summary>A resource as the compiler foretells it: what is known before a deployment is a value, the rest stays an expression in brackets.</summary>
/// <param name="Id">Full, so that it tells the scope too.</param>
internal sealed record Resource(string Id, string Type, string Name, JsonElement Body)
{
    /// <value>Last part of the name.</value>
    public string ShortName => Name.Split('/')[^1];

    /// <returns>The value at a path of properties; null where there is none.</returns>
    public JsonElement? At(params IReadOnlyList<string> path)
    {
        var at = Body;
        foreach (var step in path)
        {
            if (at.ValueKind == JsonValueKind.Array && int.TryParse(step, out var index) && index < at.GetArrayLength())
                at = at[index];
            else if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(step, out at))
                return null;
        }
        return at;
    }

    public string? Text(params IReadOnlyList<string> path) => At(path) is { } found ? found.ValueKind == JsonValueKind.String ? found.GetString() : found.GetRawText() : null;

    /// <summary>Every value of a property of this name, at any depth.</summary>
    public IEnumerable<JsonElement> All(string property) => Find(Body, property);

    private static IEnumerable<JsonElement> Find(JsonElement element, string property) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member =>
            (member.Name == property ? new[] { member.Value } : []).Concat(Find(member.Value, property))),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(item => Find(item, property)),
        _ => [],
    };
}
