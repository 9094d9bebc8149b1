using CtSeg.Infrastructure.Tests.Bicep;
using CtSeg.Infrastructure.Tests.Checks;

namespace CtSeg.Infrastructure.Tests;

/// <summary>The functions as a container app in a network that is closed to the internet: no parameter file has the two together, but anybody may choose them.</summary>
public sealed class PrivateContainerTests
{
    public static TheoryData<string> Checks => [.. TemplateCheck.All.Select(check => check.GetType().Name)];

    public static TheoryData<string, string, string, string> Mistakes => new()
    {
        { "the environment has an address on the internet", "modules/environment.bicep", "internal: true", "internal: false" },
        { "the environment takes traffic from the internet", "modules/environment.bicep", "publicNetworkAccess: publicNetworkAccess ? 'Enabled' : 'Disabled'", "publicNetworkAccess: 'Enabled'" },
        { "only the environment itself reaches the app", "modules/functions-container.bicep", "external: true", "external: false" },
        { "there is no zone", "main.bicep", "= if (privateNetwork && functionsHosting == 'ContainerApp') {", "= if (!privateNetwork && functionsHosting == 'ContainerApp') {" },
        { "the zone does not have the app", "modules/environment-zone.bicep", "name: '*'", "name: 'functions'" },
        { "the zone leads elsewhere", "main.bicep", "address: environment.outputs.staticIp", "address: '10.42.0.4'" },
        { "the network does not ask the zone", "main.bicep", "networkId: network.?outputs.id ?? ''", "networkId: registry.outputs.id" },
    };

    [Theory]
    [MemberData(nameof(Checks))]
    public async Task Given_AContainerAppInThePrivateNetwork_When_Checked_Then_NothingIsFound(string check)
    {
        Assert.SkipWhen(BicepCompiler.Missing is not null, BicepCompiler.Missing ?? "");
        using var template = Both();
        (await TemplateCheck.All.Single(one => one.GetType().Name == check).FindAsync(template)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_AContainerAppInThePrivateNetwork_When_Foretold_Then_ItIsClosedAndFound()
    {
        Assert.SkipWhen(BicepCompiler.Missing is not null, BicepCompiler.Missing ?? "");
        using var template = Both();

        var deployment = await template.DeploymentAsync("private");

        deployment.OfType("Microsoft.Web/sites").ShouldBeEmpty();
        var environment = deployment.OfType("Microsoft.App/managedEnvironments").ShouldHaveSingleItem();
        environment.Text("properties", "vnetConfiguration", "internal").ShouldBe("true");
        environment.Text("properties", "publicNetworkAccess").ShouldBe("Disabled");
        deployment.OfType("Microsoft.App/containerApps").ShouldHaveSingleItem().Text("properties", "configuration", "ingress", "external").ShouldBe("true");
        deployment.OfType("Microsoft.Network/privateDnsZones/A").ShouldHaveSingleItem();
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    [Trait("Category", "Slow")]
    public async Task Given_AMistake_When_Checked_Then_ItIsFound(string mistake, string file, string text, string other)
    {
        Assert.SkipWhen(BicepCompiler.Missing is not null, BicepCompiler.Missing ?? "");
        using var template = Both().And(file, text, other);
        (await new AccessCheck().FindAsync(template)).ShouldNotBeEmpty(mistake);
    }

    private static Template Both() => Template.With(
        "private.bicepparam", "param privateNetwork = true\n",
        "param privateNetwork = true\nparam functionsHosting = 'ContainerApp'\nparam functionsImage = readEnvironmentVariable('CTSEG_FUNCTIONS_IMAGE', '')\n");
}
