using System.Net;
using System.Text.Json;
using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.Local.Processes;
using CtSeg.Local.Stack;

namespace CtSeg.EndToEnd.Tests.Pipeline;

[Collection(PipelineCollection.Name)]
public sealed class ApiTests(PipelineFixture fixture)
{
    private readonly RunningStack _stack = fixture.Stack;

    [Fact]
    public async Task Given_AScan_When_AskedForThroughTheApi_Then_ItsStatusComes()
    {
        await _stack.UploadAsync("api/a.png", TestSlices.Phantom(3001));
        var status = await _stack.EndOfAsync("api/a.png");
        using var http = new HttpClient { BaseAddress = _stack.Local.Api };
        http.DefaultRequestHeaders.Add("x-functions-key", _stack.Local.FunctionKey);

        using var scan = JsonDocument.Parse(await http.GetStringAsync($"/api/scans/{status.ScanId}", TestContext.Current.CancellationToken));
        using var list = JsonDocument.Parse(await http.GetStringAsync("/api/scans", TestContext.Current.CancellationToken));
        using var health = await http.GetAsync("/api/health", TestContext.Current.CancellationToken);

        scan.RootElement.GetProperty("state").GetString().ShouldBe("completed");
        scan.RootElement.GetProperty("blobName").GetString().ShouldBe("api/a.png");
        list.RootElement.GetRawText().ShouldContain(status.ScanId.ToString());
        health.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Given_NoKey_When_ScansAreAskedFor_Then_TheAnswerIs401()
    {
        using var http = new HttpClient { BaseAddress = _stack.Local.Api };

        using var answer = await http.GetAsync("/api/scans", TestContext.Current.CancellationToken);

        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public void Given_AStackWithKeys_When_TheyAreLookedFor_Then_TheyAreFound()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Environments of other processes are read on Linux only.");
        foreach (var process in (ChildProcess[])[_stack.Local.Job.Current, _stack.Local.Emulator])
            ProcessSecrets.Of(process.Id, process.Command.Name).ShouldNotBeEmpty();
        ProcessSecrets.InFiles(_stack.Local.AppFolder).ShouldNotBeEmpty();
    }

    [Fact]
    public void Given_ARunningStack_When_ItsAppFolderIsRead_Then_CoreToolsFindAllTheyNeed()
    {
        var folder = _stack.Local.AppFolder;
        using var settings = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, FunctionAppFolder.SettingsFile)));

        settings.RootElement.GetProperty("IsEncrypted").GetBoolean().ShouldBeFalse();
        var values = settings.RootElement.GetProperty("Values");
        values.GetProperty("FUNCTIONS_WORKER_RUNTIME").GetString().ShouldBe("custom");
        values.GetProperty("AzureWebJobsStorage").GetString().ShouldBe(_stack.Local.Storage.ConnectionString);
        values.GetProperty("SlicesStorage").GetString().ShouldBe(_stack.Local.Storage.ConnectionString);
        values.GetProperty("ServiceBus").GetString().ShouldBe(_stack.Local.ServiceBus.ConnectionString);
        File.Exists(Path.Combine(folder, "host.json")).ShouldBeTrue();
        Directory.GetFiles(folder, "function.json", SearchOption.AllDirectories).Select(file => Path.GetFileName(Path.GetDirectoryName(file)))
            .ShouldBe(
                [
                    "AcceptCorrection", "GetCorrection", "GetHealth", "GetScan", "GetTrainingRun", "ListModels", "ListScans", "ListTrainingRuns", "PreprocessSlice",
                    "ReconcileScans", "ReconcileTrainingRuns", "RecordDeadLetters", "RecordLostUpload", "RecordPoisonedSlice", "ScheduleRetraining", "StartTrainingRun",
                    "TakeUpload",
                ],
                ignoreOrder: true);
    }
}
