using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>The compiler and its linter have nothing to say, not even a warning: many a mistake of types is no more than that.</summary>
internal sealed class LintCheck : TemplateCheck
{
    public override async Task<IReadOnlyList<string>> FindAsync(Template template)
    {
        var found = new List<string>();
        // Parameter files and the second template bring in all others.
        foreach (var file in template.BicepFiles().Where(file => !file.StartsWith("modules/", StringComparison.Ordinal)))
            found.AddRange(await BicepCompiler.LintAsync(Path.Combine(template.Folder, file)));
        return found;
    }
}
