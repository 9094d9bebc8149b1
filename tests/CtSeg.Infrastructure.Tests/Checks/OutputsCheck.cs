using System.Text.RegularExpressions;
using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>Some template reads every output of a module: the compiler does not tell of one that nobody does.</summary>
internal sealed partial class OutputsCheck : TemplateCheck
{
    public override Task<IReadOnlyList<string>> FindAsync(Template template)
    {
        var texts = template.BicepFiles().Where(file => file.EndsWith(".bicep", StringComparison.Ordinal)).ToDictionary(file => file, template.Read, StringComparer.Ordinal);
        var read = texts.SelectMany(text => Module().Matches(text.Value).SelectMany(module => Read(text, module))).ToHashSet(StringComparer.Ordinal);
        return Task.FromResult<IReadOnlyList<string>>(
        [
            .. from text in texts
            where text.Key.StartsWith("modules/", StringComparison.Ordinal)
            from output in Output().Matches(text.Value)
            let name = output.Groups["name"].Value
            where !read.Contains($"{text.Key} {name}")
            select $"Nobody reads the output {name} of {text.Key}.",
        ]);
    }

    /// <returns>Modules with the outputs that a template reads of them.</returns>
    private static IEnumerable<string> Read(KeyValuePair<string, string> text, Match module)
    {
        var file = Path.Combine(Path.GetDirectoryName(text.Key)!, module.Groups["file"].Value);
        return Regex.Matches(text.Value, $@"\b{module.Groups["symbol"].Value}(\[[^\]]+\])?\.\??outputs\.(?<name>\w+)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1))
            .Select(output => $"{file} {output.Groups["name"].Value}");
    }

    [GeneratedRegex(@"^module (?<symbol>\w+) '(?<file>[^']+)'", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Module();

    [GeneratedRegex(@"^output (?<name>\w+) ", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Output();
}
