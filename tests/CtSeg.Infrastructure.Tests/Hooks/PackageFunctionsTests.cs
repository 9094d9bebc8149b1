namespace CtSeg.Infrastructure.Tests.Hooks;

public sealed class PackageFunctionsTests : IDisposable
{
    private readonly HookStage _stage = new();

    [Fact]
    public async Task Given_Docker_When_Run_Then_TheProgramIsMadeInAContainer()
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        _stage.Variables["CTSEG_BUILD_ARGS"] = "SDK=sdk@sha256:2";

        var (exitCode, said) = await _stage.RunAsync("package-functions.sh");

        exitCode.ShouldBe(0, said);
        _stage.Calls.ShouldContain(call => call.StartsWith("docker build --platform linux/amd64 --target package", StringComparison.Ordinal) && call.Contains("--build-arg SDK=sdk@sha256:2", StringComparison.Ordinal));
        _stage.Calls.ShouldNotContain(call => call.StartsWith("dotnet", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("GLIBC_2.2.5 GLIBC_2.31 GLIBC_2.4", "", 0)]
    [InlineData("GLIBC_2.9 GLIBC_2.34 GLIBC_2.4", "", 1)]
    [InlineData("GLIBC_2.9 GLIBC_2.34 GLIBC_2.4", "2.36", 0)]
    public async Task Given_NoDocker_When_Run_Then_AProgramThatNeedsANewerCLibraryThanTheHostHasIsRefused(string program, string host, int expected)
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        _stage.Answer("docker info", exitCode: 1);
        _stage.Publishes(program);
        if (host.Length > 0)
            _stage.Variables["CTSEG_HOST_GLIBC"] = host;

        var (exitCode, said) = await _stage.RunAsync("package-functions.sh");

        exitCode.ShouldBe(expected, said);
        _stage.Calls.ShouldContain(call => call.StartsWith("dotnet publish", StringComparison.Ordinal));
        if (expected != 0)
            said.ShouldContain("needs version 2.34 of the C library (glibc), and the host may have 2.31 only");
    }

    [Fact]
    public async Task Given_AnotherSystemWithoutDocker_When_Run_Then_ASentenceSaysSo()
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        _stage.Answer("docker info", exitCode: 1);
        _stage.Answer("uname", "Darwin arm64");

        var (exitCode, said) = await _stage.RunAsync("package-functions.sh");

        exitCode.ShouldBe(1);
        said.ShouldContain("this is Darwin arm64: start docker");
    }

    public void Dispose() => _stage.Dispose();
}
