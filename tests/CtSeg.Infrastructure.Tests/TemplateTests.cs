using System.Text.Json.Nodes;
using CtSeg.Infrastructure.Tests.Bicep;
using CtSeg.Infrastructure.Tests.Checks;

namespace CtSeg.Infrastructure.Tests;

public sealed class TemplateTests
{
    public static TheoryData<string> Checks => [.. TemplateCheck.All.Select(check => check.GetType().Name)];

    public static TheoryData<string> Modules => [.. Template.OfRepository.BicepFiles().Where(file => file.EndsWith(".bicep", StringComparison.Ordinal))];

    public static TheoryData<string> Parameters => [.. Template.OfRepository.Parameters, Template.Subscriptions];

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

    /// <summary>The linter asks for a newer version of an interface 90 days after its date: what the compiler knows today must not fail then.</summary>
    [Fact]
    public async Task Given_ADayToCome_When_Linted_Then_NothingIsSaid()
    {
        Assert.SkipWhen(BicepCompiler.Missing is not null, BicepCompiler.Missing ?? "");
        using var later = Template.With("bicepconfig.json", "\"maxAgeInDays\": 0", "\"maxAgeInDays\": 0, \"test-today\": \"2100-01-01\"");
        (await new LintCheck().FindAsync(later)).ShouldBeEmpty();
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

    /// <summary>But for one, that tells of versions of interfaces which are newer than the template: with another compiler it may tell more, and must not stop a deployment.</summary>
    [Fact]
    public void Given_TheRulesOfTheLinter_When_Read_Then_EachIsAnErrorButForTheOneThatDependsOnTheCompiler()
    {
        var rules = JsonNode.Parse(Template.OfRepository.Read("bicepconfig.json"))!["analyzers"]!["core"]!["rules"]!.AsObject();

        rules.Count.ShouldBeGreaterThan(30);
        foreach (var (rule, setting) in rules)
            setting!["level"]!.GetValue<string>().ShouldBe(rule == "use-recent-api-versions" ? "warning" : "error", rule);
    }

    /// <summary>The snapshots do not tell it: endpoints of one storage account cannot be made at the same time.</summary>
    [Fact]
    public void Given_PrivateEndpoints_When_Deployed_Then_ItIsOneByOne() =>
        Template.OfRepository.Read("modules/private-endpoints.bicep").ShouldContain("@batchSize(1)\nmodule privateEndpoints ");

    /// <summary>The principal of an assignment cannot be changed: under the same name the deployment would be refused.</summary>
    [Theory]
    [InlineData("uploaders")]
    [InlineData("operators")]
    public async Task Given_AnotherGroup_When_Foretold_Then_ItsRolesHaveOtherNames(string group)
    {
        Assert.SkipWhen(BicepCompiler.Missing is not null, BicepCompiler.Missing ?? "");
        const string Other = "00000000-0000-0000-0000-0000000000b0";
        using var changed = Template.With("private.bicepparam", $"readEnvironmentVariable('CTSEG_{group.ToUpperInvariant()}_GROUP', '')", $"'{Other}'");

        var before = RolesOf(await Template.OfRepository.DeploymentAsync("private"), BicepCompiler.Groups[group]);
        var after = RolesOf(await changed.DeploymentAsync("private"), Other);

        after.Count.ShouldBe(before.Count);
        before.ShouldNotBeEmpty();
        after.Intersect(before).ShouldBeEmpty();

        static List<string> RolesOf(Deployment deployment, string principal) =>
            [.. deployment.OfType("Microsoft.Authorization/roleAssignments").Where(role => role.Text("properties", "principalId") == principal).Select(role => role.Id)];
    }

    /// <summary>A job that asks for a secret that is not there cannot be deployed; so the vault comes first.</summary>
    [Fact]
    public async Task Given_ASigningKeyThatIsNotThereYet_When_Foretold_Then_ThereIsItsVaultAndTheJobDoesNotAskForIt()
    {
        Assert.SkipWhen(BicepCompiler.Missing is not null, BicepCompiler.Missing ?? "");
        using var first = Template.With("private.bicepparam", "readEnvironmentVariable('CTSEG_SIGN_MODELS', '') == 'true'", "false");

        var deployment = await first.DeploymentAsync("private");

        deployment.OfType("Microsoft.KeyVault/vaults").ShouldHaveSingleItem();
        deployment.OfType("Microsoft.App/jobs").SelectMany(job => job.All("keyVaultUrl").Concat(job.All("secretRef"))).ShouldBeEmpty();
        deployment.OfType("Microsoft.Authorization/roleAssignments").Where(role => role.Id.Contains("/secrets/", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_ModelsThatNeedNoSignature_When_Foretold_Then_ThereIsNoVault()
    {
        Assert.SkipWhen(BicepCompiler.Missing is not null, BicepCompiler.Missing ?? "");

        (await Template.OfRepository.DeploymentAsync("dev")).OfType("Microsoft.KeyVault/vaults").ShouldBeEmpty();
    }
}
