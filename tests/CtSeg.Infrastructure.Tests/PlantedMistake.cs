using CtSeg.Infrastructure.Tests.Bicep;
using CtSeg.Infrastructure.Tests.Checks;

namespace CtSeg.Infrastructure.Tests;

/// <summary>A mistake that is made in a copy of the template: a check that finds nothing is worth nothing.</summary>
internal static class PlantedMistake
{
    /// <param name="check">Class of the check that has to find it.</param>
    public static async Task ShouldBeFoundAsync(string mistake, string check, string file, string text, string other)
    {
        Assert.SkipWhen(BicepCompiler.Missing is not null, BicepCompiler.Missing ?? "");
        using var template = Template.With(file, text, other, file switch { "prod.bicepparam" => "prod", "modules/functions-container.bicep" => "container", _ => "private" });
        (await TemplateCheck.All.Single(one => one.GetType().Name == check).FindAsync(template)).ShouldNotBeEmpty(mistake);
    }
}
