namespace CtSeg.Configuration;

/// <summary>Finds settings that nobody reads because their names are spelled wrongly.</summary>
public static class MistypedNames
{
    // Longer names are not hit by chance; a connection's own parts are checked whatever their length.
    private const int ShortestName = 8;
    private const int MostMistakes = 2;
    private const string PartSeparator = "__";
    // As the operating system compares the names of environment variables.
    private static readonly StringComparison Names = OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    /// <param name="names">All that is set, other programs' included.</param>
    /// <returns>One sentence a name.</returns>
    public static IReadOnlyList<string> Among(IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        List<string> known = [.. SettingCatalogue.All.Select(setting => setting.Name)];
        return
        [
            .. names.Where(name => !known.Exists(one => one.Equals(name, Names)))
                .Order(StringComparer.Ordinal)
                .Select(name => ProblemOf(name, known)).OfType<string>(),
        ];
    }

    private static string? ProblemOf(string name, List<string> known)
    {
        var (nearest, mistakes) = known.Select(one => (Name: one, Mistakes: Distance(one.ToUpperInvariant(), name.ToUpperInvariant()))).MinBy(one => one.Mistakes);
        if (name.Length >= ShortestName && mistakes <= MostMistakes)
            return $"{name} is no setting and nobody reads it: {nearest} may be meant.";
        var connection = SettingCatalogue.Connections.FirstOrDefault(one => name.StartsWith(one.Name + PartSeparator, StringComparison.OrdinalIgnoreCase));
        if (connection is null || HostParts.Any(part => name.Equals(Contracts.Connections.Host + PartSeparator + part, StringComparison.OrdinalIgnoreCase)))
            return null;
        var parts = connection.All.Skip(1).Select(part => part.Name).ToList();
        return parts.MinBy(part => Distance(part.ToUpperInvariant(), name.ToUpperInvariant())) is { } likely && Distance(likely.ToUpperInvariant(), name.ToUpperInvariant()) <= (likely.Length - connection.Name.Length) / 2
            ? $"{name} is no setting and nobody reads it: {likely} may be meant."
            : $"{name} is no setting and nobody reads it: the connection {connection.Name} has {string.Join(", ", parts)}.";
    }

    /// <summary>What else the host reads of its own storage.</summary>
    private static readonly string[] HostParts = ["accountName", "tableServiceUri", "managedIdentityResourceId", "tenantId"];

    /// <returns>Letters to add, remove or change, and neighbours to swap.</returns>
    internal static int Distance(string one, string other)
    {
        var rows = new int[one.Length + 1, other.Length + 1];
        for (var i = 0; i <= one.Length; i++)
            rows[i, 0] = i;
        for (var j = 0; j <= other.Length; j++)
            rows[0, j] = j;
        for (var i = 1; i <= one.Length; i++)
        {
            for (var j = 1; j <= other.Length; j++)
            {
                var changed = rows[i - 1, j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1);
                rows[i, j] = Math.Min(changed, 1 + Math.Min(rows[i - 1, j], rows[i, j - 1]));
                if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }
        return rows[one.Length, other.Length];
    }
}
