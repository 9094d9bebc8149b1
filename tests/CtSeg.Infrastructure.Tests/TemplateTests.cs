using System.Text.Json.Nodes;
using CtSeg.Infrastructure.Tests.Bicep;
using CtSeg.Infrastructure.Tests.Checks;

namespace CtSeg.Infrastructure.Tests;

public sealed class TemplateTests
{
    public static TheoryData<string> Checks => [.. TemplateCheck.All.Select(check => check.GetType().Name)];

    public static TheoryData<string> Modules => [.. Template.OfRepository.BicepFiles().Where(file => file.EndsWith(".bicep", StringComparison.Ordinal))];

    public static TheoryData<string> Parameters => [.. Template.OfRepository.Parameters];

    [Theory]
    [MemberData(nameof(Checks))]
    public async Task Given_TheTemplate_When_Checked_Then_NothingIsFound(string check)
    {
        Assert.SkipWhen(BicepCompiler.Missing is not null, BicepCompiler.Missing ?? "");
        (await TemplateCheck.All.Single(one => one.GetType().Name == check).FindAsync(Template.OfRepository)).ShouldBeEmpty();
    }

    /// <summary>Every one by itself: no file is left out that no template uses.</summary>
    [Theory]
    [MemberData(nameof(Modules))]
    public async Task Given_AFile_When_Linted_Then_NothingIsSaid(string file)
    {
        Assert.SkipWhen(BicepCompiler.Missing is not null, BicepCompiler.Missing ?? "");
        (await BicepCompiler.LintAsync(Path.Combine(Template.OfRepository.Folder, file))).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Parameters))]
    public async Task Given_Parameters_When_Foretold_Then_ItIsTheCommittedSnapshot(string parameters)
    {
        Assert.SkipWhen(BicepCompiler.Missing is not null, BicepCompiler.Missing ?? "");
        var foretold = (await Template.OfRepository.DeploymentAsync(parameters)).Snapshot;
        JsonNode.DeepEquals(JsonNode.Parse(foretold), JsonNode.Parse(Template.OfRepository.Read($"{parameters}.snapshot.json"))).ShouldBeTrue(
            $"What {parameters}.bicepparam deploys has changed: write its snapshot anew as infra-bicep/README.md says, and look at the difference.");
    }
}
