using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Configuration;
using CtSeg.Contracts;
using CtSeg.Functions.Settings;
using CtSeg.Imaging;
using CtSeg.Preprocessing;
using CtSeg.Scans;
using CtSeg.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.Functions.Tests;

/// <summary>The handler in this process, spoken to as the host does.</summary>
internal sealed class Handler : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 11, 23, 15, 12, 5, TimeSpan.Zero);
    private readonly WebApplication _app;
    private readonly HttpClient _client;

    private readonly RoleGuard _roles;

    private Handler(WebApplication app, string connection, FakeTimeProvider clock, RoleGuard roles)
    {
        (_app, _roles) = (app, roles);
        _client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()), Timeout = TimeSpan.FromSeconds(60) };
        Clock = clock;
        Storage = new BlobServiceClient(connection);
        Statuses = new StatusStore(Storage.GetBlobContainerClient(Containers.Status));
        Blobs = new ScanBlobs(Storage);
    }

    public FakeTimeProvider Clock { get; }
    public BlobServiceClient Storage { get; }
    public StatusStore Statuses { get; }
    public ScanBlobs Blobs { get; }
    public DateTime Now => Clock.GetUtcNow().UtcDateTime;

    /// <value>What must be set for the host, and the handler only looks at.</value>
    public static IReadOnlyDictionary<string, string> HostSettings { get; } = new Dictionary<string, string>(
        SettingCatalogue.Schedules.Select(schedule => KeyValuePair.Create(schedule.Name, schedule.Default)))
    {
        ["ServiceBus"] = "Endpoint=sb://b.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=AAAA",
    };

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<Handler> StartAsync(string connection, params (string Name, string Value)[] settings)
    {
        var all = new Dictionary<string, string>(HostSettings) { ["SlicesStorage"] = connection, ["FUNCTIONS_CUSTOMHANDLER_PORT"] = "0" };
        foreach (var (name, value) in settings)
            all[name] = value;
        var clock = new FakeTimeProvider(Start);
        var roles = new RoleGuard("functions");
        var options = FunctionsOptions.Read(all) with { Storage = new BlobServiceClient(connection, roles.Guard(new BlobClientOptions())) };
        var app = FunctionsApp.Build(all, options, clock);
        await app.StartAsync(Stop);
        return new Handler(app, connection, clock, roles);
    }

    public async Task<Reply> PostAsync(string function, string body, string? traceParent = null)
    {
        // Chunked, as the host sends it.
        using var content = new StreamContent(new UnseekableStream(Encoding.UTF8.GetBytes(body)));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json; charset=utf-8");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/{function}") { Content = content };
        request.Headers.TransferEncodingChunked = true;
        request.Headers.Add("X-Azure-Functions-InvocationId", "0f8fad5b-d9cb-469f-a165-70867728950e");
        if (traceParent is not null)
            request.Headers.Add("traceparent", traceParent);
        return await Reply.OfAsync(await _client.SendAsync(request, Stop));
    }

    public async Task<Reply> GetAsync(string path) => await Reply.OfAsync(await _client.GetAsync(new Uri(path, UriKind.Relative), Stop));

    public Task<Reply> PreprocessAsync(string blobName, byte[] content) => PostAsync("PreprocessSlice", BlobBody(blobName, content));

    public async Task<ScanStatus> StatusOfAsync(ScanId scan) => (await Statuses.FindAsync(scan, Stop)).ShouldNotBeNull().Status;

    /// <summary>A status as an earlier process left it.</summary>
    public async Task<ScanStatus> LeaveAsync(ScanStatus status)
    {
        (await Statuses.TryCreateAsync(status, Stop)).ShouldNotBeNull();
        return status;
    }

    /// <summary>Leaves a document that is no JSON; what lists show of it stays.</summary>
    public async Task BreakAsync(string container, string document)
    {
        var blob = Storage.GetBlobContainerClient(container).GetBlobClient(document);
        var metadata = await blob.ExistsAsync(Stop) ? (await blob.GetPropertiesAsync(cancellationToken: Stop)).Value.Metadata : null;
        await blob.UploadAsync(new BinaryData("{"), new BlobUploadOptions { Metadata = metadata }, Stop);
    }

    // The host does not escape the plus signs of base64.
    private static readonly JsonSerializerOptions AsTheHost = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string BlobBody(string blobName, byte[] content, string binding = "slice") => JsonSerializer.Serialize(
        new
        {
            Data = new Dictionary<string, string> { [binding] = Convert.ToBase64String(content) },
            Metadata = new Dictionary<string, object> { ["name"] = JsonSerializer.Serialize(blobName) },
        },
        AsTheHost);

    public static byte[] Png(int width = 64, int height = 48, byte grey = 100) =>
        SlicePreprocessor.ToPng(new GreyImage(width, height, [.. Enumerable.Repeat(grey, width * height)]));

    public static string Fixture(string name) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "custom-handler", name));

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
        _roles.Refused.ShouldBeEmpty();
    }

    private sealed class UnseekableStream(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;
    }
}

/// <summary>An answer as the host reads it.</summary>
internal sealed record Reply(HttpStatusCode Code, string? MediaType, string Body)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;
    public JsonElement Outputs => Json.GetProperty(nameof(Outputs));

    public static async Task<Reply> OfAsync(HttpResponseMessage message)
    {
        using (message)
            return new Reply(message.StatusCode, message.Content.Headers.ContentType?.MediaType, await message.Content.ReadAsStringAsync(Handler.Stop));
    }

    /// <summary>The host takes it for done.</summary>
    public Reply ShouldBeDone()
    {
        Outcome().ShouldBe("done", Body);
        Json.EnumerateObject().Select(property => property.Name).ShouldBe(["Outputs", "Logs", "ReturnValue"]);
        return this;
    }

    public JsonElement ShouldBeJson()
    {
        Code.ShouldBe(HttpStatusCode.OK, Body);
        MediaType.ShouldBe("application/json");
        return Json;
    }

    public Reply ShouldSendNothing()
    {
        ShouldBeDone().Outputs.EnumerateObject().ShouldBeEmpty();
        return this;
    }

    /// <summary>The host takes it for failed and tries again.</summary>
    public Reply ShouldHaveFailed(HttpStatusCode code)
    {
        Outcome().ShouldBe("failed", Body);
        return ShouldBeProblem(code);
    }

    public Reply ShouldBeProblem(HttpStatusCode code)
    {
        Code.ShouldBe(code, Body);
        MediaType.ShouldBe("application/problem+json");
        Json.GetProperty("status").GetInt32().ShouldBe((int)code);
        Json.GetProperty("detail").GetString().ShouldNotBeNullOrEmpty();
        return this;
    }

    /// <summary>What the host makes of it, by the table that the host's own tests go by.</summary>
    private string Outcome()
    {
        using var table = JsonDocument.Parse(Handler.Fixture("answers/table.json"));
        return table.RootElement.EnumerateArray().Where(IsLikeThis).Select(row => row.GetProperty("outcome").GetString()!).Distinct()
            .ShouldHaveSingleItem($"the answers table knows no {(int)Code} {MediaType} with {KindOf(Body)}: {Body}");
    }

    private bool IsLikeThis(JsonElement row) =>
        row.GetProperty("status").GetInt32() == (int)Code
        && row.GetProperty("contentType").GetString()?.Split(';')[0] == MediaType
        && KindOf(Handler.Fixture("answers/" + row.GetProperty("body").GetString())) == KindOf(Body);

    /// <returns>Undefined for what is no JSON.</returns>
    private static JsonValueKind KindOf(string body)
    {
        try
        {
            return JsonDocument.Parse(body).RootElement.ValueKind;
        }
        catch (JsonException)
        {
            return JsonValueKind.Undefined;
        }
    }
}
