using System.Text;
using System.Text.RegularExpressions;

namespace CtSeg.Local.FunctionsHost;

/// <summary>A blob binding's <c>path</c>: <c>container/prefix-{name}.ext</c>. A placeholder stands for one or more characters, slashes too.</summary>
internal sealed partial class BlobPath
{
    private readonly Regex _pattern;
    private readonly string _blob;
    private readonly List<string> _names = [];

    /// <exception cref="FunctionAppException">The path names no container.</exception>
    public BlobPath(string path)
    {
        int slash = path.IndexOf('/', StringComparison.Ordinal);
        Container = slash < 0 ? path : path[..slash];
        _blob = slash < 0 ? "{name}" : path[(slash + 1)..];
        if (Container.Length == 0 || Container.Contains('{', StringComparison.Ordinal) || _blob.Length == 0)
            throw new FunctionAppException($"The blob path '{path}' is not understood: write container/{{name}}.");

        StringBuilder pattern = new("^");
        int end = 0;
        foreach (Match match in Placeholder().Matches(_blob))
        {
            pattern.Append(Regex.Escape(_blob[end..match.Index])).Append("(.+)");
            _names.Add(match.Groups["name"].Value);
            end = match.Index + match.Length;
        }

        pattern.Append(Regex.Escape(_blob[end..])).Append('$');
        _pattern = new Regex(pattern.ToString(), RegexOptions.Singleline | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        int brace = _blob.IndexOf('{', StringComparison.Ordinal);
        Prefix = brace < 0 ? _blob : _blob[..brace];
    }

    public string Container { get; }

    /// <value>What every matching blob name begins with.</value>
    public string Prefix { get; }

    /// <summary>The placeholders' values, or null when the name does not match.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Match(string blobName)
    {
        Match match = _pattern.Match(blobName);
        return match.Success ? [.. _names.Select((name, i) => KeyValuePair.Create(name, match.Groups[i + 1].Value))] : null;
    }

    /// <exception cref="FunctionAppException">A placeholder has no value.</exception>
    public string Expand(Func<string, string?> valueOf) => Placeholder().Replace(_blob, match =>
        valueOf(match.Groups["name"].Value)
        ?? throw new FunctionAppException($"The blob path '{Container}/{_blob}' needs '{match.Groups["name"].Value}', which the trigger does not bring."));

    [GeneratedRegex(@"\{(?<name>[^{}]+)\}", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Placeholder();
}
