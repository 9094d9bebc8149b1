using System.Net;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Testing;

namespace CtSeg.Functions.Tests;

public sealed class HttpApiTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Given_Scans_When_Listed_Then_PagesHoldEachOnce()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var long1 = new string('漢', 1000);
        for (var n = 1; n <= 5; n++)
            await handler.LeaveAsync(ScanStatus.Received(ScanId.Parse($"{n:x16}"), n == 5 ? long1 : $"çase {n}.png", handler.Now));

        var first = (await handler.GetAsync("/api/scans?limit=3")).ShouldBeJson();
        var second = (await handler.GetAsync($"/api/scans?limit=3&continuation={Uri.EscapeDataString(first.GetProperty("continuation").GetString()!)}")).ShouldBeJson();

        first.GetProperty("scans").GetArrayLength().ShouldBe(3);
        second.GetProperty("scans").GetArrayLength().ShouldBe(2);
        second.GetProperty("continuation").ValueKind.ShouldBe(JsonValueKind.Null);
        JsonSerializer.Serialize(first.GetProperty("scans")[0]).ShouldBe(JsonSerializer.Serialize(new
        {
            scanId = "0000000000000001", blobName = "çase 1.png", state = "received", attempt = 0, lastChange = "2026-11-23T15:12:05Z",
        }));
        second.GetProperty("scans")[1].GetProperty("blobName").GetString().ShouldBe(long1);
    }

    [Fact]
    public async Task Given_States_When_Filtered_Then_OnlyThose()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        for (var n = 1; n <= 6; n++)
        {
            var status = ScanStatus.Received(ScanId.Parse($"{n:x16}"), "a.png", handler.Now);
            await handler.LeaveAsync(n % 2 == 0 ? status.Requested(1, handler.Now) : status);
        }
        var answer = (await handler.GetAsync("/api/scans?state=preprocessed&limit=2")).ShouldBeJson();
        answer.GetProperty("scans").EnumerateArray().Select(scan => scan.GetProperty("scanId").GetString())
            .ShouldBe(["0000000000000002", "0000000000000004"]);
        answer.GetProperty("continuation").ValueKind.ShouldBe(JsonValueKind.String);
    }

    [Fact]
    public async Task Given_NoScans_When_Listed_Then_EmptyList()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        (await handler.GetAsync("/api/scans")).Body.ShouldBe("""{"scans":[],"continuation":null}""");
    }

    [Theory]
    [InlineData("/api/scans?limit=0")]
    [InlineData("/api/scans?limit=501")]
    [InlineData("/api/scans?limit=ten")]
    [InlineData("/api/scans?state=gone")]
    [InlineData("/api/scans?state=1")]
    [InlineData("/api/scans/0011223344556677X")]
    [InlineData("/api/scans/001122334455667A")]
    public async Task Given_BadQuestion_When_Asked_Then_400(string path)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        (await handler.GetAsync(path)).ShouldBeProblem(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Given_Scan_When_Asked_Then_StatusDocument()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        await handler.LeaveAsync(ScanStatus.Received(Samples.Scan, "a.png", handler.Now).Requested(1, handler.Now));
        (await handler.GetAsync($"/api/scans/{Samples.Scan}")).ShouldBeJson();
        (await handler.GetAsync($"/api/scans/{Samples.Scan}")).Body.ShouldBe(
            """{"scanId":"0011223344556677","blobName":"a.png","state":"preprocessed","attempt":1,"timeline":[{"state":"received","time":"2026-11-23T15:12:05Z"},{"state":"preprocessed","time":"2026-11-23T15:12:05Z"}],"version":1}""");
    }

    [Theory]
    [InlineData("/api/scans/0011223344556677")]
    [InlineData("/api/other")]
    [InlineData("/Unknown")]
    public async Task Given_Unknown_When_Asked_Then_404(string path)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        (await handler.GetAsync(path)).ShouldBeProblem(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Given_TriggerIsAskedByGet_When_Asked_Then_405()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        (await handler.GetAsync("/PreprocessSlice")).ShouldBeProblem(HttpStatusCode.MethodNotAllowed);
    }

    [Fact]
    public async Task Given_Storage_When_HealthIsAsked_Then_TellsWhetherItAnswers()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        (await handler.GetAsync("/api/health")).ShouldBe(new Reply(HttpStatusCode.OK, "application/json", """{"status":"healthy","storage":true}"""));
        await handler.Storage.GetBlobContainerClient(Containers.Status).DeleteAsync(cancellationToken: Handler.Stop);
        (await handler.GetAsync("/api/health")).ShouldBe(new Reply(HttpStatusCode.ServiceUnavailable, "application/json", """{"status":"unhealthy","storage":false}"""));
        (await handler.GetAsync("/api/scans")).ShouldBeProblem(HttpStatusCode.InternalServerError);
        (await handler.GetAsync($"/api/scans/{Samples.Scan}")).ShouldBeProblem(HttpStatusCode.InternalServerError);
    }

    [Fact]
    public async Task Given_HostProbes_When_Root_Then_Answers()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        (await handler.GetAsync("/")).ShouldBe(new Reply(HttpStatusCode.OK, "application/json", "{}"));
    }
}
