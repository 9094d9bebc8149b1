using CtSeg.Local.FunctionsHost;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.Local.Tests.FunctionsHost;

public sealed class HandlerSupervisorTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GivenAHandlerThatAnswers404_WhenProbed_ThenItIsReady()
    {
        await using ScriptedHandler handler = await ScriptedHandler.StartAsync();
        await using HandlerSupervisor supervisor = Supervise(_ => handler.Start(), TimeProvider.System);

        await supervisor.StartAsync(Cancel).SoonAsync();

        (await supervisor.ReadyAsync(Cancel)).ShouldBe(handler.Address);
    }

    [Fact]
    public async Task GivenAHandlerThatListensLate_WhenProbed_ThenItIsAskedEvery25MillisecondsUntilItAnswers()
    {
        FakeTimeProvider time = new();
        int probes = 0;
        using HttpClient http = new(new Probe(() => ++probes > 3));
        await using HandlerSupervisor supervisor = new(_ => new ScriptedProcess(new Uri("http://127.0.0.1:9")), http, time, NullLogger.Instance);

        Task started = supervisor.StartAsync(Cancel);
        for (int expected = 1; expected <= 3; expected++)
        {
            await Eventually.TrueAsync(() => probes == expected, $"probe {expected}");
            started.IsCompleted.ShouldBeFalse();
            DateTimeOffset probed = time.GetUtcNow();
            await Eventually.TrueAsync(
                () =>
                {
                    time.Advance(TimeSpan.FromMilliseconds(25));
                    return probes > expected;
                },
                "the next probe");
            // One step more where the clock was moved before the host had begun to wait.
            (time.GetUtcNow() - probed).ShouldBeLessThanOrEqualTo(TimeSpan.FromMilliseconds(75));
        }

        await started.SoonAsync();
    }

    [Fact]
    public async Task GivenAHandlerThatExits_WhenSeen_ThenItIsStartedAgain()
    {
        await using ScriptedHandler handler = await ScriptedHandler.StartAsync();
        await using HandlerSupervisor supervisor = Supervise(_ => handler.Start(), TimeProvider.System);
        await supervisor.StartAsync(Cancel).SoonAsync();

        handler.Processes[0].Exit();

        await Eventually.TrueAsync(() => handler.Processes.Count == 2, "the second process");
        await Eventually.TrueAsync(() => supervisor.ReadyAsync(Cancel).IsCompletedSuccessfully, "ready again");
        handler.Processes[0].IsKilled.ShouldBeTrue();
        supervisor.Completion.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task GivenThreeExitsWithinThirtyMinutes_WhenSeen_ThenTheHostStops()
    {
        (HandlerSupervisor supervisor, ScriptedHandler handler) = await ExitThreeTimesAsync(TimeSpan.FromMinutes(14));

        (await Should.ThrowAsync<FunctionAppException>(() => supervisor.Completion.SoonAsync())).Message.ShouldContain("failed 3 times within 30 minutes");
        handler.Processes.Count.ShouldBe(3);
        await supervisor.DisposeAsync();
        await handler.DisposeAsync();
    }

    [Fact]
    public async Task GivenThreeExitsInMoreThanThirtyMinutes_WhenSeen_ThenTheHandlerIsStartedAgain()
    {
        (HandlerSupervisor supervisor, ScriptedHandler handler) = await ExitThreeTimesAsync(TimeSpan.FromMinutes(16));

        await Eventually.TrueAsync(() => handler.Processes.Count == 4, "the fourth process");
        supervisor.Completion.IsCompleted.ShouldBeFalse();
        await supervisor.DisposeAsync();
        await handler.DisposeAsync();
    }

    [Fact]
    public async Task GivenAHandlerThatNeverAnswers_WhenThirtySecondsHavePassed_ThenThatIsAnError()
    {
        FakeTimeProvider time = new();
        List<ScriptedProcess> processes = [];
        using HttpClient http = new(new Probe(() => false));
        await using HandlerSupervisor supervisor = new(
            _ =>
            {
                ScriptedProcess process = new(new Uri("http://127.0.0.1:9"));
                processes.Add(process);
                return process;
            },
            http,
            time,
            NullLogger.Instance);
        Task started = supervisor.StartAsync(Cancel);

        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return started.IsCompleted;
            },
            "the host gives up");

        (await Should.ThrowAsync<FunctionAppException>(() => started)).Message.ShouldContain("did not answer within 30 s");
        processes.Count.ShouldBe(3);
        processes.ShouldAllBe(process => process.IsKilled);
        (time.GetUtcNow() - time.Start).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(90));
    }

    private static async Task<(HandlerSupervisor, ScriptedHandler)> ExitThreeTimesAsync(TimeSpan between)
    {
        FakeTimeProvider time = new();
        ScriptedHandler handler = await ScriptedHandler.StartAsync();
        HandlerSupervisor supervisor = Supervise(_ => handler.Start(), time);
        await supervisor.StartAsync(Cancel).SoonAsync();
        for (int i = 0; i < 3; i++)
        {
            // Not before it answers: a clock that jumps while it starts is a start that took too long.
            await Eventually.TrueAsync(() => handler.Processes.Count == i + 1 && supervisor.ReadyAsync(Cancel).IsCompletedSuccessfully, $"process {i}");
            if (i > 0)
                time.Advance(between);
            handler.Processes[i].Exit();
        }

        return (supervisor, handler);
    }

    private static HandlerSupervisor Supervise(Func<int, IHandlerProcess> start, TimeProvider time) => new(start, new HttpClient(), time, NullLogger.Instance);

    private sealed class Probe(Func<bool> answers) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            answers() ? Task.FromResult(new HttpResponseMessage()) : throw new HttpRequestException("refused");
    }
}
