using System.Net;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Erasure;
using CtSeg.Models;
using CtSeg.Testing;
using CtSeg.TrainingRuns;

namespace CtSeg.Functions.Tests;

public sealed class TrainingRunsTests(AzuriteFixture azurite)
{
    private const string Timer = "timer.json";

    [Theory]
    [InlineData("timer.json")]
    [InlineData("timer-first.json")]
    public async Task Given_NoRun_When_TheNightComes_Then_OneIsAskedFor(string fixture)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var message = (await handler.PostAsync("ScheduleRetraining", Handler.Fixture(fixture))).ShouldBeDone().Outputs.GetProperty("request");
        var run = (await RunsOf(handler).FindActiveAsync(Handler.Stop)).ShouldNotBeNull();
        message.GetRawText().ShouldBe(
            $$"""{"id":"{{run.Id}}-1","type":"ctseg.training.requested.v1","source":"/ctseg/functions/ScheduleRetraining","subject":"{{run.Id}}","time":"2026-11-23T15:12:05Z","data":{"runId":"{{run.Id}}","attempt":1},"specversion":"1.0","datacontenttype":"application/json"}""");
        (run.Request, run.State).ShouldBe((new TrainingRunRequest("schedule"), TrainingRunState.Requested));
        (await handler.PostAsync("ScheduleRetraining", Handler.Fixture(Timer))).ShouldSendNothing();
    }

    [Fact]
    public async Task Given_SettingsOfTheNight_When_TheNightComes_Then_TheRunIsAskedForWithThem()
    {
        await using var handler = await Handler.StartAsync(
            await azurite.NewAccountAsync(), ("RetrainingMinutes", "30"), ("RetrainingFromScratch", "True"), ("RetrainingShadowShare", "0.5"));
        (await handler.PostAsync("ScheduleRetraining", Handler.Fixture(Timer))).ShouldBeDone();
        (await RunsOf(handler).FindActiveAsync(Handler.Stop)).ShouldNotBeNull().Request.ShouldBe(
            new TrainingRunRequest("schedule") { Minutes = 30, FromScratch = true, Shadow = new ShadowTerms(0.5) });
    }

    [Fact]
    public async Task Given_Order_When_Posted_Then_202WithLocationAndAMessage()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var outputs = (await PostAsync(handler, """
            {"fromScratch":true,"epochs":5,"minutes":1.5,"evenWithoutNewData":true,"shadow":{"slices":7},"promotion":{"margin":0.01}}
            """)).ShouldBeDone().Outputs;

        var run = (await RunsOf(handler).FindActiveAsync(Handler.Stop)).ShouldNotBeNull();
        var res = outputs.GetProperty("res");
        res.GetProperty("statusCode").GetInt32().ShouldBe(202);
        res.GetProperty("headers").GetProperty("Location").GetString().ShouldBe($"/api/training-runs/{run.Id}");
        res.GetProperty("headers").GetProperty("Content-Type").GetString().ShouldBe("application/json; charset=utf-8");
        JsonDocument.Parse(res.GetProperty("body").GetString()!).RootElement.GetProperty("id").GetString().ShouldBe(run.Id);
        outputs.GetProperty("request").GetProperty("subject").GetString().ShouldBe(run.Id);
        run.Request.ShouldBe(new TrainingRunRequest("api")
        {
            FromScratch = true, Epochs = 5, Minutes = 1.5, EvenWithoutNewData = true, Shadow = new ShadowTerms(Slices: 7), Promotion = new PromotionTerms(0.01),
        });
    }

    [Fact]
    public async Task Given_RunUnderWay_When_Posted_Then_200WithTheFirstAndNoMessage()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        await PostAsync(handler, "");
        var run = (await RunsOf(handler).FindActiveAsync(Handler.Stop)).ShouldNotBeNull();
        var outputs = (await PostAsync(handler, """{"epochs":9}""")).ShouldBeDone().Outputs;
        outputs.EnumerateObject().Select(output => output.Name).ShouldBe(["res"]);
        var res = outputs.GetProperty("res");
        (res.GetProperty("statusCode").GetInt32(), res.GetProperty("headers").GetProperty("Location").GetString()).ShouldBe((200, $"/api/training-runs/{run.Id}"));
    }

    [Theory]
    [InlineData("no json", "The body is no JSON object: send nothing, or one of fromScratch")]
    [InlineData("[]", "The body is no JSON object")]
    [InlineData("null", "The body is null")]
    [InlineData("""{"epoch":1}""", "'$.epoch' of the body is unknown or has the wrong form")]
    [InlineData("""{"epochs":"1"}""", "'$.epochs' of the body is unknown or has the wrong form")]
    [InlineData("""{"epochs":1,"epochs":2}""", "'$.epochs' of the body")]
    [InlineData("""{"shadow":{"sliced":1}}""", "'$.shadow.sliced' of the body")]
    [InlineData("""{"epochs":0}""", "Epochs are 0; 1 to 10000 are possible.")]
    [InlineData("""{"epochs":10001,"minutes":-1}""", "Epochs are 10001; 1 to 10000 are possible. Minutes are -1; more than 0 and at most 10080 are possible.")]
    [InlineData("""{"shadow":{"share":1.5}}""", "Shadow.share is 1.5; more than 0 and at most 1 is possible.")]
    [InlineData("""{"shadow":{"slices":4,"minSlices":5}}""", "Shadow.minSlices are 5; 1 to shadow.slices, 4, are possible.")]
    [InlineData("""{"shadow":{"neededSlices":5}}""", "'$.shadow.neededSlices' of the body is unknown")]
    [InlineData("""{"promotion":{"level":1}}""", "Promotion.level is 1; 0.5 to 0.999 is possible.")]
    public async Task Given_WrongOrder_When_Posted_Then_OneClear400(string body, string detail)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var outputs = (await PostAsync(handler, body)).ShouldBeDone().Outputs;
        outputs.EnumerateObject().Select(output => output.Name).ShouldBe(["res"]);
        var res = outputs.GetProperty("res");
        res.GetProperty("statusCode").GetInt32().ShouldBe(400);
        res.GetProperty("headers").GetProperty("Content-Type").GetString().ShouldBe("application/problem+json");
        JsonDocument.Parse(res.GetProperty("body").GetString()!).RootElement.GetProperty("detail").GetString().ShouldNotBeNull().ShouldContain(detail);
        (await RunsOf(handler).FindActiveAsync(Handler.Stop)).ShouldBeNull();
    }

    [Theory]
    [InlineData("""{"Data":{},"Metadata":{}}""")]
    [InlineData("""{"Data":{"req":"x"},"Metadata":{}}""")]
    public async Task Given_NoRequest_When_Invoked_Then_Refused(string body)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        (await handler.PostAsync("StartTrainingRun", body)).ShouldHaveFailed(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Given_Runs_When_Listed_Then_NewestFirstAndDamageIsTold()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var runs = RunsOf(handler);
        var ids = new List<string>();
        for (var n = 0; n < 3; n++)
        {
            var (run, _) = await runs.RequestAsync(new TrainingRunRequest("api"), Handler.Stop);
            await runs.EndAsync(run.Id, TrainingRunState.Skipped, "Nothing new.", Handler.Stop);
            ids.Insert(0, run.Id);
            handler.Clock.Advance(TimeSpan.FromSeconds(1));
        }
        await handler.BreakAsync(Containers.TrainingRuns, BlobPaths.TrainingRun(ids[0]));

        var page = (await handler.GetAsync("/api/training-runs?limit=2")).ShouldBeJson();
        page.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("id").GetString()).ShouldBe([ids[1]]);
        page.GetProperty("damaged").EnumerateArray().Single().GetString().ShouldNotBeNull().ShouldStartWith($"training-runs/{ids[0]}.json");
        (await handler.GetAsync("/api/training-runs")).ShouldBeJson().GetProperty("runs").GetArrayLength().ShouldBe(2);
        (await handler.GetAsync($"/api/training-runs/{ids[0]}")).ShouldBeProblem(HttpStatusCode.InternalServerError);
        var shown = (await handler.GetAsync($"/api/training-runs/{ids[1]}")).ShouldBeJson();
        (shown.GetProperty("state").GetString(), shown.GetProperty("reason").GetString()).ShouldBe(("skipped", "Nothing new."));
    }

    [Theory]
    [InlineData("/api/training-runs?limit=0", HttpStatusCode.BadRequest)]
    [InlineData("/api/training-runs?limit=x", HttpStatusCode.BadRequest)]
    [InlineData("/api/training-runs/active", HttpStatusCode.BadRequest)]
    [InlineData("/api/training-runs/20261127-020000-1a2b3c", HttpStatusCode.NotFound)]
    public async Task Given_WrongQuestion_When_Asked_Then_Told(string path, HttpStatusCode code)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        (await handler.GetAsync(path)).ShouldBeProblem(code);
    }

    [Fact]
    public async Task Given_RunThatNobodyWorksOn_When_Reconciled_Then_AskedAgainAndGivenUpAtTheLimit()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync(), ("TrainingRunsAfter", "00:01:00"), ("MaxTrainingAttempts", "2"));
        var (run, _) = await RunsOf(handler).RequestAsync(new TrainingRunRequest("api"), Handler.Stop);
        (await handler.PostAsync("ReconcileTrainingRuns", Handler.Fixture(Timer))).ShouldSendNothing();
        handler.Clock.Advance(TimeSpan.FromSeconds(61));
        var again = (await handler.PostAsync("ReconcileTrainingRuns", Handler.Fixture(Timer))).ShouldBeDone().Outputs;
        again.EnumerateObject().Select(output => output.Name).ShouldBe(["requests"]);
        again.GetProperty("requests").EnumerateArray().Single().GetProperty("id").GetString().ShouldBe($"{run.Id}-2");
        handler.Clock.Advance(TimeSpan.FromSeconds(61));
        var ended = (await handler.PostAsync("ReconcileTrainingRuns", Handler.Fixture(Timer))).ShouldBeDone().Outputs.GetProperty("ended");
        ended.EnumerateArray().Single().GetProperty("data").GetRawText().ShouldBe(
            $$"""{"runId":"{{run.Id}}","state":"failed","reason":"It was asked for 2 times and no job brought it to an end."}""");
    }

    [Fact]
    public async Task Given_ADataSetThatWasWrittenAfterAnErasure_When_Reconciled_Then_ItIsRemovedAnHourLater()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var scan = ScanId.Parse("0011223344556677");
        await new DataErasure(handler.Storage, handler.Clock, new HashSet<string>()).ForgetAsync(ErasureTarget.OfScan(scan), Handler.Stop);
        var locked = new EvaluationSet("00000000000000ee", "00000000000000ff", EvaluationRule.Default, handler.Now, [scan]);
        var blob = handler.Storage.GetBlobContainerClient(Containers.TrainingData).GetBlobClient(BlobPaths.EvaluationSet(locked.Version));
        await blob.UploadAsync(new BinaryData(JsonSerializer.SerializeToUtf8Bytes(locked, ContractsJson.Default.EvaluationSet)), Handler.Stop);
        (await handler.PostAsync("ReconcileTrainingRuns", Handler.Fixture(Timer))).ShouldSendNothing();
        ((bool)await blob.ExistsAsync(Handler.Stop)).ShouldBeTrue();
        handler.Clock.Advance(TimeSpan.FromMinutes(61));
        (await handler.PostAsync("ReconcileTrainingRuns", Handler.Fixture(Timer))).ShouldSendNothing();
        ((bool)await blob.ExistsAsync(Handler.Stop)).ShouldBeFalse();
    }

    private static TrainingRunStore RunsOf(Handler handler) => new(handler.Storage, handler.Clock);

    private static Task<Reply> PostAsync(Handler handler, string body) => handler.PostAsync("StartTrainingRun", JsonSerializer.Serialize(new
    {
        Data = new { req = new { Url = "http://127.0.0.1/api/training-runs", Method = "POST", Body = body } },
        Metadata = new { },
    }));
}
