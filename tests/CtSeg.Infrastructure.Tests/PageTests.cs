using CtSeg.Infrastructure.Tests.Bicep;
using CtSeg.Infrastructure.Tests.Checks;

namespace CtSeg.Infrastructure.Tests;

/// <summary>The page beside the templates.</summary>
public sealed class PageTests
{
    private static readonly string[] Page = Template.OfRepository.Read("README.md").Split('\n');

    [Fact]
    public void Given_TheTableOfRoles_When_Read_Then_ItIsThatOfTheFile()
    {
        var roles = RolesCheck.Read(Template.OfRepository);
        var told = Page.SkipWhile(line => !line.StartsWith("| who | role |", StringComparison.Ordinal)).Skip(2).TakeWhile(line => line.StartsWith('|')).Order(StringComparer.Ordinal);
        told.ShouldBe(roles.Grants.GroupBy(grant => (grant.Program, grant.Role)).Select(Row).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Given_TheVariablesOfTheSnapshots_When_Read_Then_TheyAreThoseOfTheTests() =>
        Page.ShouldContain($"export {string.Join(' ', BicepCompiler.Variables.Select(variable => $"{variable.Key}={variable.Value}"))}");

    [Fact]
    public async Task Given_TheDaysOfSoftDelete_When_ThePageOfErasureIsRead_Then_ItSaysThoseOfEachForm()
    {
        Assert.SkipWhen(BicepCompiler.Missing is not null, BicepCompiler.Missing ?? "");
        var page = Docs("erasure.md");
        foreach (var form in Template.OfRepository.Parameters)
        {
            var days = (await Template.OfRepository.DeploymentAsync(form)).One("Microsoft.Storage/storageAccounts/blobServices", "stctseg").Text("properties", "deleteRetentionPolicy", "days");
            page.ShouldContain($"| `{form}` | {days} days |");
        }
    }

    private static string Docs(string page) => File.ReadAllText(Path.Combine(Template.OfRepository.Root, "docs", page));

    private static string Row(IGrouping<(string Program, string Role), RolesCheck.Grant> grants)
    {
        var on = string.Join(", ", grants.Select(grant => $"`{grant.Scope}`{(grant.Only is { } form ? $" ({form} only)" : "")}"));
        return $"| {grants.Key.Program} | {grants.Key.Role} | {on} | {string.Join(' ', grants.Select(grant => grant.Reason).OfType<string>().Distinct())} |";
    }
}
