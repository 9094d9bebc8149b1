namespace CtSeg.Infrastructure.Tests.Hooks;

public sealed class BuildImagesTests : IDisposable
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private readonly HookStage _stage = new();

    public BuildImagesTests()
    {
        _stage.Answer("rev-parse HEAD", Commit);
        _stage.Answer("az acr manifest show-metadata", "sha256:1");
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("cuda")]
    public async Task Given_AnOpenRegistry_When_Run_Then_ItBuildsTheCommitAndBothJobsGetTheDigest(string backend)
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        _stage.Variables["CTSEG_JOB_BACKEND"] = backend;

        (await _stage.RunAsync("build-images.sh")).ExitCode.ShouldBe(0);

        Changes().ShouldBe(
        [
            $"az acr build --subscription SUB -r reg -t ctseg-job:{Commit[..12]} -f training-job/Dockerfile.{backend} --platform linux/amd64 --build-arg REVISION={Commit} .",
            "az containerapp job update --subscription SUB -g rg-ctseg-dev -n job-segmentation-dev --image reg.azurecr.io/ctseg-job@sha256:1 --output none",
            "az containerapp job update --subscription SUB -g rg-ctseg-dev -n job-retraining-dev --image reg.azurecr.io/ctseg-job@sha256:1 --output none",
            "azd env set CTSEG_JOB_IMAGE reg.azurecr.io/ctseg-job@sha256:1",
        ]);
    }

    [Fact]
    public async Task Given_ChangedSources_When_Run_Then_TheImageSaysSoAndTakesNoTagOfACommit()
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        _stage.Answer("status --porcelain", " M functions/Program.cs");

        (await _stage.RunAsync("build-images.sh")).ExitCode.ShouldBe(0);

        var build = Changes().First();
        build.ShouldContain($"REVISION={Commit}-dirty");
        build.ShouldNotContain($"ctseg-job:{Commit[..12]}");
    }

    [Fact]
    public async Task Given_PinnedImages_When_Run_Then_TheBuildGetsThem()
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        _stage.Variables["CTSEG_BUILD_ARGS"] = "SDK=sdk@sha256:2 RUNTIME=runtime@sha256:3";

        (await _stage.RunAsync("build-images.sh")).ExitCode.ShouldBe(0);

        Changes().First().ShouldContain("--build-arg SDK=sdk@sha256:2 --build-arg RUNTIME=runtime@sha256:3");
    }

    [Theory]
    [InlineData("az acr build")]
    [InlineData("az acr manifest show-metadata")]
    [InlineData("job-segmentation-dev")]
    public async Task Given_AFailureOfAz_When_Run_Then_TheHookFailsAndNoImageIsKept(string call)
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        _stage.Answer(call, "no connection", exitCode: 1);

        (await _stage.RunAsync("build-images.sh")).ExitCode.ShouldNotBe(0);

        _stage.Calls.ShouldNotContain(made => made.StartsWith("azd env set", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Given_APrivateNetwork_When_Run_Then_ThisMachineBuildsAndPushes()
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        _stage.Variables["CTSEG_EVENTS_BY_QUEUE"] = "true";

        (await _stage.RunAsync("build-images.sh")).ExitCode.ShouldBe(0);

        _stage.Calls.ShouldNotContain(call => call.StartsWith("az acr build", StringComparison.Ordinal));
        Changes().Take(3).Select(call => string.Join(' ', call.Split(' ').Take(2))).ShouldBe(["az acr", "docker build", "docker push"]);
        Changes().ShouldContain("azd env set CTSEG_JOB_IMAGE reg.azurecr.io/ctseg-job@sha256:1");
    }

    [Fact]
    public async Task Given_APrivateNetworkAndNoDocker_When_Run_Then_ASentenceSaysWhatIsMissing()
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        _stage.Variables["CTSEG_EVENTS_BY_QUEUE"] = "true";
        _stage.Answer("docker info", exitCode: 1);

        var (exitCode, said) = await _stage.RunAsync("build-images.sh");

        exitCode.ShouldBe(1);
        said.ShouldStartWith("The images are built on this machine, and docker does not answer.");
        Changes().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("no", "reg.azurecr.io/ctseg-job@sha256:9", "FlexConsumption", "", 0)]
    [InlineData("no", "reg.azurecr.io/ctseg-job@sha256:9", "ContainerApp", "", 1)]
    [InlineData("no", "reg.azurecr.io/ctseg-job@sha256:9", "ContainerApp", "x@sha256:9", 0)]
    [InlineData("no", "", "FlexConsumption", "", 1)]
    [InlineData("yes", "", "FlexConsumption", "", 1)]
    public async Task Given_NoBuild_When_Run_Then_NothingIsDoneAndAMissingImageIsTold(string build, string image, string hosting, string functionsImage, int expected)
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        _stage.Variables["CTSEG_BUILD"] = build;
        _stage.Variables["CTSEG_JOB_IMAGE"] = image;
        _stage.Variables["CTSEG_FUNCTIONS_HOSTING"] = hosting;
        _stage.Variables["CTSEG_FUNCTIONS_IMAGE"] = functionsImage;

        (await _stage.RunAsync("build-images.sh")).ExitCode.ShouldBe(expected);

        Changes().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("func-ctseg-dev")]
    public async Task Given_TheContainerForm_When_Run_Then_TheFunctionsImageIsBuiltForTheNextProvisioning(string app)
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        _stage.Variables["CTSEG_FUNCTIONS_HOSTING"] = "ContainerApp";
        _stage.Variables["CTSEG_FUNCTIONS_NAME"] = app;

        var (exitCode, said) = await _stage.RunAsync("build-images.sh");

        exitCode.ShouldBe(0, said);
        Changes().ShouldContain("azd env set CTSEG_FUNCTIONS_IMAGE reg.azurecr.io/ctseg-functions@sha256:1");
        Changes().ShouldNotContain(call => call.StartsWith("az containerapp update", StringComparison.Ordinal));
        said.ShouldContain("CTSEG_BUILD=no azd provision");
    }

    public void Dispose() => _stage.Dispose();

    /// <summary>Without the questions.</summary>
    private IEnumerable<string> Changes() => _stage.Calls.Where(call => !call.StartsWith("git ", StringComparison.Ordinal) && !call.Contains("show-metadata", StringComparison.Ordinal) && call != "docker info");
}
