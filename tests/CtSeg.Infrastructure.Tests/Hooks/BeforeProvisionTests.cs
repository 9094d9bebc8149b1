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
    public async Task Given_WhatIsChosen_When_Run_Then_NothingIsSet()
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        Deployed("2026-03-01T00:00:00Z", Image, "x");
        Chosen("2026-03-01", "other", "other");

        (await _stage.RunAsync("before-provision.sh")).ExitCode.ShouldBe(0);

        Set().ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_AnotherFirstDayThanTheBudgets_When_Run_Then_ThatOfTheBudgetIsTaken()
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        Deployed("2026-03-01T00:00:00Z", Image, "");
        Chosen("2026-01-01", Image, "");

        (await _stage.RunAsync("before-provision.sh")).ExitCode.ShouldBe(0);

        Set().ShouldBe(["CTSEG_BUDGET_START 2026-03-01"]);
    }

    [Theory]
    [InlineData("2020-01-01", "true", true)]
    [InlineData("2020-01-01", "false", true)]
    [InlineData("9999-01-01", "true", false)]
    [InlineData("9999-01-01", "false", false)]
    public async Task Given_NoBudget_When_Run_Then_AFirstDayThatIsPastIsReplaced(string chosen, string deployed, bool isReplaced)
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        Deployed("", Image, "");
        _stage.Answer("az group exists", deployed);
        Chosen(chosen, "other", "");

        (await _stage.RunAsync("before-provision.sh")).ExitCode.ShouldBe(0);

        Set().Count(set => set.StartsWith("CTSEG_BUDGET_START ", StringComparison.Ordinal)).ShouldBe(isReplaced ? 1 : 0);
    }

    [Theory]
    [InlineData("false", "SUB", true)]
    [InlineData("true", "SUB", false)]
    [InlineData("false", "", false)]
    public async Task Given_ImagesOfOurRegistry_When_RunAfterItsRemoval_Then_TheyAreForgotten(string deployed, string subscription, bool areForgotten)
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        Deployed("2026-03-01T00:00:00Z", Image, "");
        _stage.Answer("az group exists", deployed);
        _stage.Variables["AZURE_SUBSCRIPTION_ID"] = subscription;
        Chosen("9999-01-01", "crctsegdev1.azurecr.io/ctseg-job@sha256:1", "crctsegdev1.azurecr.io/ctseg-functions@sha256:2");

        (await _stage.RunAsync("before-provision.sh")).ExitCode.ShouldBe(0);

        Set().Where(set => !set.StartsWith("CTSEG_BUDGET_START ", StringComparison.Ordinal)).ShouldBe(areForgotten ? ["CTSEG_JOB_IMAGE ", "CTSEG_FUNCTIONS_IMAGE "] : []);
    }

    [Fact]
    public async Task Given_AnImageFromElsewhere_When_RunWithNothingDeployed_Then_ItIsKept()
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        Chosen("9999-01-01", "mcr.microsoft.com/k8se/quickstart-jobs:latest", "");

        (await _stage.RunAsync("before-provision.sh")).ExitCode.ShouldBe(0);

        Set().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("dev", true)]
    [InlineData("a", true)]
    [InlineData("site-a-2", true)]
    [InlineData("abcdefghijkl", true)]
    [InlineData("abcdefghijklm", false)]
    [InlineData("Prod", false)]
    [InlineData("my_site", false)]
    [InlineData("my.site", false)]
    [InlineData("1st", false)]
    [InlineData("site-", false)]
    public async Task Given_ANameOfAnEnvironment_When_Run_Then_OneThatResourcesCannotBearIsRefused(string name, bool isTaken)
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        _stage.Variables["AZURE_ENV_NAME"] = name;

        var (exitCode, said) = await _stage.RunAsync("before-provision.sh");

        (exitCode == 0).ShouldBe(isTaken, said);
        if (!isTaken)
            said.ShouldContain($"called '{name}'");
        Set().Any().ShouldBe(isTaken);
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

    private void Chosen(string budget, string job, string functions)
    {
        _stage.Variables["CTSEG_BUDGET_START"] = budget;
        _stage.Variables["CTSEG_JOB_IMAGE"] = job;
        _stage.Variables["CTSEG_FUNCTIONS_IMAGE"] = functions;
    }

    private IEnumerable<string> Set() => _stage.Calls.Where(call => call.StartsWith("azd env set ", StringComparison.Ordinal)).Select(call => call["azd env set ".Length..]);
}
