namespace CtSeg.Infrastructure.Tests.Hooks;

public sealed class BeforeProvisionTests : IDisposable
{
    private const string Image = "reg.azurecr.io/ctseg-job@sha256:1";
    private readonly HookStage _stage = new();

    [Theory]
    [InlineData("SUB")]
    [InlineData("")]
    public async Task Given_NothingDeployed_When_Run_Then_OnlyTheBudgetHasAFirstDay(string subscription)
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        _stage.Variables["AZURE_SUBSCRIPTION_ID"] = subscription;

        (await _stage.RunAsync("before-provision.sh")).ExitCode.ShouldBe(0);

        Set().ShouldHaveSingleItem().ShouldMatch(@"^CTSEG_BUDGET_START \d{4}-\d\d-01$");
    }

    [Fact]
    public async Task Given_ADeployment_When_RunOnANewMachine_Then_ItsImagesAndItsBudgetAreKept()
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        Deployed("2026-03-01T00:00:00Z", Image, "reg.azurecr.io/ctseg-functions@sha256:2");

        (await _stage.RunAsync("before-provision.sh")).ExitCode.ShouldBe(0);

        Set().ShouldBe(["CTSEG_BUDGET_START 2026-03-01", $"CTSEG_JOB_IMAGE {Image}", "CTSEG_FUNCTIONS_IMAGE reg.azurecr.io/ctseg-functions@sha256:2"]);
    }

    [Fact]
    public async Task Given_ADeploymentWithPlaceholders_When_Run_Then_TheyAreNotKept()
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        Deployed("", "mcr.microsoft.com/k8se/quickstart-jobs:latest", "");

        (await _stage.RunAsync("before-provision.sh")).ExitCode.ShouldBe(0);

        Set().ShouldHaveSingleItem().ShouldStartWith("CTSEG_BUDGET_START ");
    }

    [Fact]
    public async Task Given_WhatIsChosen_When_Run_Then_NothingIsAskedAndNothingSet()
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        Deployed("2026-03-01T00:00:00Z", Image, "x");
        _stage.Variables["CTSEG_BUDGET_START"] = "2026-01-01";
        _stage.Variables["CTSEG_JOB_IMAGE"] = "other";
        _stage.Variables["CTSEG_FUNCTIONS_IMAGE"] = "other";

        (await _stage.RunAsync("before-provision.sh")).ExitCode.ShouldBe(0);

        Set().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("az group exists")]
    [InlineData("az containerapp job list")]
    public async Task Given_AFailureOfAz_When_Run_Then_NothingIsPutInThePlaceOfWhatIsDeployed(string call)
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        Deployed("2026-03-01T00:00:00Z", Image, "");
        _stage.Answer(call, "no connection", exitCode: 1);

        var (exitCode, said) = await _stage.RunAsync("before-provision.sh");

        exitCode.ShouldNotBe(0);
        said.ShouldContain("no connection");
        Set().ShouldNotContain(set => set.StartsWith("CTSEG_JOB_IMAGE", StringComparison.Ordinal));
    }

    public void Dispose() => _stage.Dispose();

    private void Deployed(string budget, string job, string functions)
    {
        _stage.Answer("az group exists", "true");
        _stage.Answer("Microsoft.Consumption/budgets", budget);
        _stage.Answer("az containerapp list", functions);
        _stage.Answer("az containerapp job list", job);
    }

    private IEnumerable<string> Set() => _stage.Calls.Where(call => call.StartsWith("azd env set ", StringComparison.Ordinal)).Select(call => call["azd env set ".Length..]);
}
