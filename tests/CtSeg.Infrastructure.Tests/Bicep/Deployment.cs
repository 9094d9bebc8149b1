using System.Text.Json;

namespace CtSeg.Infrastructure.Tests.Bicep;

/// <summary>What a parameter file would deploy.</summary>
/// <param name="Parameters">Name of the file without its ending.</param>
/// <param name="Snapshot">The compiler's own words.</param>
internal sealed record Deployment(string Parameters, IReadOnlyList<Resource> Resources, IReadOnlyList<string> Outputs, string Snapshot)
{
    public static Deployment Parse(string parameters, string snapshot)
    {
        using var json = JsonDocument.Parse(snapshot);
        return new Deployment(
            parameters,
            [.. json.RootElement.GetProperty("predictedResources").EnumerateArray().Select(resource => new Resource(
                resource.GetProperty("id").GetString()!, resource.GetProperty("type").GetString()!, resource.GetProperty("name").GetString()!, resource.Clone()))],
            json.RootElement.TryGetProperty("outputs", out var outputs) && outputs.ValueKind == JsonValueKind.Object ? [.. outputs.EnumerateObject().Select(output => output.Name)] : [],
            snapshot);
    }

    public IEnumerable<Resource> OfType(string type) => Resources.Where(resource => resource.Type == type);

    public Resource One(string type, string part) => OfType(type).Single(resource => resource.Name.Contains(part, StringComparison.Ordinal));
}
