using System.Net;
using System.Net.Http.Headers;
using CtSeg.Contracts;
using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.Local.Bench;
using CtSeg.Local.Processes;
using CtSeg.Local.Stack;

namespace CtSeg.EndToEnd.Tests.Identity;

/// <summary>The system without keys. Takes minutes; only with <c>./ctseg test --all</c>.</summary>
[Collection(SerialCollection.Name)]
[Trait("Category", "Slow")]
public sealed class IdentityTests : IDisposable
{
    private const string StorageService = "https://storage.azure.com";
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromSeconds(60);
    // Starting a program and getting its first token takes long where all programs start at once.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private readonly string _folder = Directory.CreateTempSubdirectory("ctseg-identity-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Given_NoKeys_When_SlicesComeForLongerThanATokenLives_Then_AllAreCompletedAndNobodyIsRefused()
    {
        await using var stack = await StartAsync();
        var identity = stack.Local.Identity.ShouldNotBeNull();
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        var names = new List<string>();

        // A slice every now and then, until the first tokens have ended twice over.
        for (var number = 1; time.GetElapsedTime(started) < TokenLifetime * 2.5; number++)
        {
            var name = $"identity/slice-{number:000}.png";
            names.Add(name);
            await stack.UploadAsync(name, TestSlices.Phantom(number));
            (await stack.EndOfAsync(name, Patience)).ShouldHaveCompletedOnce();
        }

        names.Count.ShouldBeGreaterThan(2);
        // Each of the three programs, for each service, once a token's life at least.
        identity.Issued.ShouldBeGreaterThan(3 * 2 * 2);
        stack.Local.Host.Restarts.ShouldBe(0);
        stack.Local.Job.Restarts.ShouldBe(0);
        LogOf(stack, "job").ShouldNotContain("unauthorized", Case.Insensitive);
        LogOf(stack, "host").ShouldNotContain("unauthorized", Case.Insensitive);
        ExpectNoSecret(stack.Local);
    }

    [Fact]
    public async Task Given_NoKeys_When_TokensAreWrong_Then_StorageRefusesThem()
    {
        await using var stack = await StartAsync();
        var identity = stack.Local.Identity.ShouldNotBeNull();
        using var handler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = identity.CreateChainPolicy() } };
        using var http = new HttpClient(handler);
        var good = identity.Issue(StorageService).Value;

        (await AskAsync(http, stack, good)).ShouldBe(HttpStatusCode.OK);
        (await AskAsync(http, stack, identity.Issue("https://servicebus.azure.net").Value)).ShouldBe(HttpStatusCode.Forbidden);
        (await AskAsync(http, stack, "no token")).ShouldBe(HttpStatusCode.Forbidden);
        (await AskAsync(http, stack, token: null)).ShouldBe(HttpStatusCode.Forbidden);
        await Eventually.HoldsAsync(
            async () => await AskAsync(http, stack, good) == HttpStatusCode.Forbidden, () => "A token outlived its end.", TokenLifetime * 2);
        using var stranger = new HttpClient();
        await Should.ThrowAsync<HttpRequestException>(() => AskAsync(stranger, stack, good));
    }

    [Fact]
    public async Task Given_UpWithoutKeys_When_ACommandRunsInAnotherTerminal_Then_ItFindsTheSystemAndNoProcessHasAKey()
    {
        using var up = new CommandRun("up", "--identity", "--model", Checkout.Find().TestModel, "--storage", Path.Combine(_folder, "storage"));
        await up.SeesAsync("Ready.");
        foreach (var process in ProcessTree.Below(up.Id))
            ProcessSecrets.Of(process, File.ReadAllText($"/proc/{process}/comm").Trim()).ShouldBeEmpty();
        up.Output.ShouldNotContain(line => line.Contains("Key=", StringComparison.Ordinal));

        using var models = CommandRun.OfJob(null, "models", "list");
        (await models.EndAsync()).ShouldBe(0, models.Said());
        using var runs = CommandRun.OfJob(null, "training-runs", "list");
        (await runs.EndAsync()).ShouldBe(0, runs.Said());

        Signals.Terminate(up.Id);
        (await up.EndAsync()).ShouldBe(0, up.Said());
    }

    [Fact]
    public async Task Given_NoKeys_When_Demonstrated_Then_EachSliceHasItsResult()
    {
        using var demo = new CommandRun(
            "demo", "--identity", "--token-seconds", "30", "--limit", "2", "--out", Path.Combine(_folder, "out"), "--model", Checkout.Find().TestModel);

        (await demo.EndAsync(Patience)).ShouldBe(0, demo.Said());

        demo.Output[^1].ShouldBe("2 completed, 0 failed");
    }

    [Fact]
    public async Task Given_TheHandlerCompiledAheadOfTime_When_ItHasAnIdentityOnly_Then_ItReachesTheStorage()
    {
        await using var stack = await StartAsync();
        var published = new AotHandler(Checkout.Find(), _folder, TimeProvider.System);
        var code = await published.PublishAsync(TestContext.Current.CancellationToken);
        var said = await File.ReadAllTextAsync(published.PublishLog, TestContext.Current.CancellationToken);
        Assert.SkipWhen(code != 0 && said.Contains("not found in PATH", StringComparison.Ordinal), "Native AOT needs clang or gcc, and objcopy: install them to run this test.");
        code.ShouldBe(0, said);
        foreach (var settings in (IReadOnlyDictionary<string, string>[])[stack.Local.Connections(), stack.Local.JobEnvironment()])
        {
            var (handler, answer) = await published.StartAsync(settings, "api/health", TestContext.Current.CancellationToken);
            await using (handler)
                answer.ShouldContain("\"healthy\"");
        }
    }

    private static Task<RunningStack> StartAsync() => RunningStack.StartAsync(options => options with { TokenLifetime = TokenLifetime });

    private static void ExpectNoSecret(LocalStack stack)
    {
        var processes = ProcessTree.Below(Environment.ProcessId).Where(process => process != stack.Emulator.Id && process != stack.Azurite.Id).ToList();
        processes.ShouldContain(stack.Host.Current.Id);
        processes.ShouldContain(stack.Job.Current.Id);
        foreach (var process in processes.Append(stack.Emulator.Id).Append(stack.Azurite.Id))
            ProcessSecrets.Of(process, File.ReadAllText($"/proc/{process}/comm").Trim()).ShouldBeEmpty();
        ProcessSecrets.InFiles(stack.Folder).Where(found => !found.Contains("servicebus.log: Endpoint=sb:", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    private static string LogOf(RunningStack stack, string component)
    {
        using var reader = new StreamReader(new FileStream(
            Path.Combine(stack.Local.LogFolder, component + ".log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }

    private static async Task<HttpStatusCode> AskAsync(HttpClient http, RunningStack stack, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{stack.Local.Storage.BlobEndpoint}/{Containers.Slices}?restype=container"));
        request.Headers.Add("x-ms-version", "2021-12-02");
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
