using System.Text.Json;
using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>
/// Texts that a service takes from a list, and the compiler lets pass whatever they are. Every word in a resource is either in the list of its path or is said to be
/// free: AllowedValues.json says which, and a path that it does not name is a mistake.
/// </summary>
internal sealed class AllowedValuesCheck : TemplateCheck
{
    private static readonly string[] Parts = ["kind", "sku", "identity", "properties"];
    private static readonly IReadOnlyList<Declared> Paths = Read();

    public override async Task<IReadOnlyList<string>> FindAsync(Template template)
    {
        var found = new List<string>();
        var used = new HashSet<Declared>();
        // All forms, also of a copy of which one is looked at: what another of them has is not unused.
        foreach (var form in Template.OfRepository.Parameters.Append(Template.Subscriptions))
            found.AddRange((await template.DeploymentAsync(form)).Resources.SelectMany(resource => Look(resource, used)).Select(problem => $"{form}: {problem}"));
        found.AddRange(Paths.Except(used).Select(one => $"No {one.Type} has the path {one.Path}."));
        return found;
    }

    private static IEnumerable<string> Look(Resource resource, HashSet<Declared> used)
    {
        var types = new[] { resource.Type, $"{resource.Type} of {TargetOf(resource)}" };
        foreach (var (path, value) in Parts.Where(part => resource.At(part) is not null).SelectMany(part => Words(resource.At(part)!.Value, [part])))
        {
            var declared = Paths.FirstOrDefault(one => types.Contains(one.Type) && one.Fits(path));
            if (declared is not null)
                used.Add(declared);
            if (declared is null && IsWord(value))
                yield return $"{resource.Type} {resource.Name}: AllowedValues.json does not say which values {string.Join('/', path)} takes; it is '{value}'.";
            if (declared?.Values is { } values && !values.Contains(value))
                yield return $"{resource.Type} {resource.Name}: {declared.Path} is '{value}', none of {string.Join(", ", values)}.";
        }
    }

    /// <summary>Every constant text with its path, in which * stands for an index; expressions are known to Azure only.</summary>
    private static IEnumerable<(IReadOnlyList<string> Path, string Value)> Words(JsonElement element, IReadOnlyList<string> path) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => Words(member.Value, [.. path, member.Name])),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(item => Words(item, [.. path, "*"])),
        JsonValueKind.String when element.GetString() is { Length: > 0 } text && text[0] != '[' => [(path, text)],
        _ => [],
    };

    /// <summary>Not a sentence, an address or an id: those come from no list.</summary>
    private static bool IsWord(string value) =>
        value[0] != '/' && !value.Replace(", ", ",", StringComparison.Ordinal).Contains(' ', StringComparison.Ordinal) && !value.Contains("://", StringComparison.Ordinal)
        && !value.Contains('@', StringComparison.Ordinal) && !Guid.TryParse(value, out _);

    /// <summary>What else decides about the values: the type of the resource whose logs are sent, or whose metrics are watched.</summary>
    private static string? TargetOf(Resource resource)
    {
        if (resource.Type == "Microsoft.Insights/metricAlerts")
            return resource.Text("properties", "criteria", "allOf", "0", "metricNamespace");
        if (resource.Type != "Microsoft.Insights/diagnosticSettings")
            return null;
        var target = resource.Id.Split("/providers/")[^2].Split('/');
        return $"{target[0]}/{string.Join('/', target.Skip(1).Where((_, index) => index % 2 == 0))}";
    }

    private static List<Declared> Read()
    {
        using var stream = typeof(AllowedValuesCheck).Assembly.GetManifestResourceStream("AllowedValues.json")!;
        var document = JsonSerializer.Deserialize<Document>(stream, JsonSerializerOptions.Web)!;
        return
        [
            .. from service in document.Services
            from type in service.Types
            from one in type.Value.Lists.Select(list => new Declared(type.Key, list.Key, list.Value)).Concat(type.Value.Free.Select(path => new Declared(type.Key, path, Values: null)))
            select one,
        ];
    }

    /// <param name="Values">Null where it is free.</param>
    private sealed record Declared(string Type, string Path, IReadOnlyList<string>? Values)
    {
        private readonly string[] _steps = Path.Split('/');

        public bool Fits(IReadOnlyList<string> path) => path.Count == _steps.Length && path.Zip(_steps).All(pair => pair.Second == "*" || pair.First == pair.Second);
    }

    private sealed record Document(IReadOnlyList<Service> Services);

    private sealed record Service(IReadOnlyDictionary<string, OfType> Types);

    private sealed record OfType
    {
        public IReadOnlyDictionary<string, IReadOnlyList<string>> Lists { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

        public IReadOnlyList<string> Free { get; init; } = [];
    }
}
