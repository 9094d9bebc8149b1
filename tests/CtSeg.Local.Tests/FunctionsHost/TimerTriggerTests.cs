using System.Globalization;
using Azure.Storage.Blobs;
using CtSeg.Local.FunctionsHost;
using Microsoft.Extensions.Time.Testing;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace CtSeg.Local.Tests.FunctionsHost;

public sealed class TimerTriggerTests(AzuriteFixture azurite)
{
    [Theory]
    [InlineData("0 */5 * * * *", "2026-11-23T15:12:05Z", "2026-11-23T15:15:00Z")]
    [InlineData("30 0 2 * * *", "2026-11-23T15:12:05Z", "2026-11-24T02:00:30Z")]
    [InlineData("0 0 9 * * MON-FRI", "2026-11-27T10:00:00Z", "2026-11-30T09:00:00Z")]
    [InlineData("*/10 * * * * *", "2026-11-23T15:12:00Z", "2026-11-23T15:12:10Z")]
    public void GivenASchedule_WhenAskedForTheNextTime_ThenItIsNcrontabs(string expression, string now, string expected) =>
        new TimerSchedule("F", expression).Next(Time(now)).ShouldBe(Time(expected));

    [Theory]
    [InlineData("*/5 * * * *")]
    [InlineData("00:05:00")]
    [InlineData("0 0 25 * * *")]
    public void GivenNoNcrontab_WhenRead_ThenTheMessageSaysWhatIsExpected(string expression) =>
        Should.Throw<FunctionAppException>(() => new TimerSchedule("F", expression)).Message.ShouldContain("six fields");

    [Fact]
    public async Task GivenAScheduleFromASetting_WhenItsTimesCome_ThenItRunsAndItsStatusIsKeptOverARestart()
    {
        FakeTimeProvider time = new(Time("2026-11-23T15:04:00Z"));
        await using TestHost test = await CreateAsync(time, "");

        await using (await test.StartAsync())
        {
            JObject first = await AdvanceToNextAsync(test, time);
            time.GetUtcNow().ShouldBeGreaterThanOrEqualTo(Time("2026-11-23T15:05:00Z"));
            first["Data"]!["timer"]!["ScheduleStatus"]!.Type.ShouldBe(JTokenType.Null);

            JObject second = await AdvanceToNextAsync(test, time);
            Status(second).ShouldBe("""{"Last":"2026-11-23T15:05:00+00:00","LastUpdated":"2026-11-23T15:05:00+00:00","Next":"2026-11-23T15:10:00+00:00"}""");
            ((bool)second["Data"]!["timer"]!["IsPastDue"]!).ShouldBeFalse();
            // Its end is noted after the run.
            await Eventually.TrueAsync(async () => (await StateAsync(test)).Contains("\"Last\":\"2026-11-23T15:10:00+00:00\"", StringComparison.Ordinal), "the second run is noted");
        }

        time.Advance(TimeSpan.FromMinutes(20));
        await test.StartAsync();
        JObject late = Parse(await test.Handler.NextAsync());
        ((bool)late["Data"]!["timer"]!["IsPastDue"]!).ShouldBeTrue();
        Status(late).ShouldContain("\"Last\":\"2026-11-23T15:10:00+00:00\"");
    }

    [Fact]
    public async Task GivenRunOnStartup_WhenTheHostStarts_ThenItRunsAtOnce()
    {
        await using TestHost test = await CreateAsync(new FakeTimeProvider(Time("2026-11-23T15:04:00Z")), ",\"runOnStartup\":true");

        await test.StartAsync();

        (await test.Handler.NextAsync()).Target.ShouldBe("/ReconcileScans");
    }

    [Fact]
    public async Task GivenARetryPolicy_WhenTheFunctionFails_ThenTheNextTryCarriesItsContext()
    {
        FakeTimeProvider time = new(Time("2026-11-23T15:04:00Z"));
        await using TestHost test = await CreateAsync(time, ",\"runOnStartup\":true", "\"retry\":{\"strategy\":\"fixedDelay\",\"maxRetryCount\":2,\"delayInterval\":\"00:00:05\"},");
        test.Handler.Answer = _ => Task.FromResult(ScriptedAnswer.Json("{}", status: 500));
        await test.StartAsync();
        (await test.Handler.NextAsync()).Text.ShouldNotContain("RetryContext");

        JObject again = await AdvanceToNextAsync(test, time);

        ((int)again["Metadata"]!["RetryContext"]!["RetryCount"]!).ShouldBe(1);
        ((int)again["Metadata"]!["RetryContext"]!["MaxRetryCount"]!).ShouldBe(2);

        // After the last try the schedule decides again.
        ((int)(await AdvanceToNextAsync(test, time))["Metadata"]!["RetryContext"]!["RetryCount"]!).ShouldBe(2);
        (await AdvanceToNextAsync(test, time))["Metadata"]!["RetryContext"].ShouldBeNull();
        time.GetUtcNow().ShouldBeGreaterThanOrEqualTo(Time("2026-11-23T15:05:00Z"));
    }

    private static async Task<string> StateAsync(TestHost test) =>
        (await new BlobContainerClient(test.Settings["AzureWebJobsStorage"], "azure-webjobs-hosts")
            .GetBlobClient($"timers/{test.HostId}/Host.Functions.ReconcileScans/status").DownloadContentAsync()).Value.Content.ToString();

    private async Task<TestHost> CreateAsync(FakeTimeProvider time, string more, string retry = "")
    {
        TestHost test = await TestHost.CreateAsync(null, ("ReconcileScans", $$"""
            { {{retry}} "bindings":[{"type":"timerTrigger","direction":"in","name":"timer","schedule":"%Schedule%"{{more}}}]}
            """));
        test.Time = time;
        test.Settings["Schedule"] = "0 */5 * * * *";
        test.Settings["AzureWebJobsStorage"] = await azurite.ConnectToEmptyAsync();
        test.HostId = azurite.Name("timer");
        return test;
    }

    private static async Task<JObject> AdvanceToNextAsync(TestHost test, FakeTimeProvider time)
    {
        await Eventually.TrueAsync(
            () =>
            {
                if (!test.Handler.HasMore)
                    time.Advance(TimeSpan.FromSeconds(1));
                return test.Handler.HasMore;
            },
            "the timer fires");
        return Parse(await test.Handler.NextAsync());
    }

    // Dates stay as they are written, whatever the machine's time zone.
    private static JObject Parse(SeenRequest request)
    {
        using JsonTextReader reader = new(new StringReader(request.Text)) { DateParseHandling = DateParseHandling.None };
        return JObject.Load(reader);
    }

    private static string Status(JObject body) => body["Data"]!["timer"]!["ScheduleStatus"]!.ToString(Formatting.None);

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
