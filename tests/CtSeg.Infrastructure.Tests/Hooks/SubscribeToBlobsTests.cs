namespace CtSeg.Infrastructure.Tests.Hooks;

public sealed class SubscribeToBlobsTests : IDisposable
{
    private const string Wake = "curl -fsS -m 60 -o /dev/null https://func.example.org/api/health";
    private readonly HookStage _stage = new();

    [Theory]
    [InlineData("FlexConsumption", "az functionapp keys list")]
    [InlineData("ContainerApp", "az containerapp function keys list")]
    public async Task Given_FunctionsThatStartSlowly_When_Run_Then_TheyAreWokenUntilTheyHaveTheirKey(string hosting, string command)
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        _stage.Variables["CTSEG_FUNCTIONS_HOSTING"] = hosting;
        _stage.Answer(command, "the-key");
        _stage.Answer(command, "", times: 2);
        _stage.Answer(command, "no replica", exitCode: 1, times: 1);

        var (exitCode, said) = await _stage.RunAsync("subscribe-to-blobs.sh");

        exitCode.ShouldBe(0, said);
        _stage.Calls.Count(call => call.StartsWith(command, StringComparison.Ordinal)).ShouldBe(4);
        _stage.Calls.Count(call => call == "sleep 10").ShouldBe(3);
        _stage.Calls[0].ShouldBe(Wake);
        _stage.Files.ShouldContain("https://func.example.org/runtime/webhooks/blobs?functionName=Host.Functions.PreprocessSlice&code=the-key");
        // The arguments of a process can be read by others.
        _stage.Calls.ShouldNotContain(call => call.Contains("the-key", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Given_FunctionsThatNeverStart_When_Run_Then_ASentenceSaysSoAfterTenMinutes()
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        _stage.Answer("curl", "curl: (22) 503", exitCode: 22);
        _stage.Answer("keys list", "forbidden", exitCode: 1);

        var (exitCode, said) = await _stage.RunAsync("subscribe-to-blobs.sh");

        exitCode.ShouldBe(1);
        said.ShouldContain("have no key blobs_extension: their host has not started.");
        said.ShouldContain("curl: (22) 503 forbidden");
        _stage.Calls.Count(call => call == "sleep 10").ShouldBe(60);
        _stage.Calls.ShouldNotContain(call => call.StartsWith("az deployment", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(5, 1)]
    public async Task Given_WebhooksThatDoNotAnswerAtOnce_When_Run_Then_TheyAreTriedFiveTimes(int failures, int expected)
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        _stage.Answer("keys list", "the-key");
        _stage.Answer("az deployment group create", "Webhook validation handshake failed", exitCode: 1, times: failures);

        var (exitCode, said) = await _stage.RunAsync("subscribe-to-blobs.sh");

        exitCode.ShouldBe(expected, said);
        _stage.Calls.Count(call => call.StartsWith("az deployment group create", StringComparison.Ordinal)).ShouldBe(Math.Min(failures + 1, 5));
        said.Contains("could not be subscribed in five tries", StringComparison.Ordinal).ShouldBe(expected != 0);
    }

    [Fact]
    public async Task Given_APrivateNetwork_When_Run_Then_NothingIsDone()
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        _stage.Variables["CTSEG_EVENTS_BY_QUEUE"] = "true";

        (await _stage.RunAsync("subscribe-to-blobs.sh")).ExitCode.ShouldBe(0);

        _stage.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_NoAppYet_When_Run_Then_ASentenceSaysWhatToDo()
    {
        Assert.SkipWhen(HookStage.Missing is not null, HookStage.Missing ?? "");
        _stage.Variables["CTSEG_FUNCTIONS_NAME"] = "";

        var (exitCode, said) = await _stage.RunAsync("subscribe-to-blobs.sh");

        exitCode.ShouldBe(1);
        said.ShouldContain("run azd provision once more");
    }

    public void Dispose() => _stage.Dispose();
}
