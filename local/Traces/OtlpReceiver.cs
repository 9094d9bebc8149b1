using System.Net;
using CtSeg.Telemetry;
using Google.Protobuf;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace CtSeg.Local.Traces;

/// <summary>Takes in on 127.0.0.1 what programs export by OTLP over HTTP: spans are handed on, metrics and logs accepted and dropped.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private const long MaxBodyBytes = 16 * 1024 * 1024;
    private const string DelayMilliseconds = "200";
    private readonly WebApplication _server;

    private OtlpReceiver(WebApplication server)
    {
        _server = server;
        Endpoint = new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public Uri Endpoint { get; }

    /// <value>What makes a program export here, soon after a span has ended.</value>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        [TelemetrySettings.OtlpEndpointVariable] = Endpoint.ToString(),
        [TelemetrySettings.OtlpProtocolVariable] = TelemetrySettings.HttpProtocol,
        [TelemetrySettings.SpanDelayVariable] = DelayMilliseconds,
    };

    /// <param name="onSpans">Called from several threads.</param>
    public static async Task<OtlpReceiver> StartAsync(Action<IReadOnlyList<ExportedSpan>> onSpans, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            kestrel.AddServerHeader = false;
        });
        builder.Services.AddRoutingCore();
        var server = builder.Build();
        server.UseRouting();
        server.MapPost("/v1/traces", (RequestDelegate)(context => TakeAsync(context, onSpans)));
        server.MapPost("/v1/metrics", (RequestDelegate)DropAsync);
        server.MapPost("/v1/logs", (RequestDelegate)DropAsync);
        await server.StartAsync(cancellationToken);
        return new OtlpReceiver(server);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task TakeAsync(HttpContext context, Action<IReadOnlyList<ExportedSpan>> onSpans)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        try
        {
            onSpans(OtlpSpans.Read(body.ToArray()));
        }
        catch (InvalidProtocolBufferException)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }
        Accept(context);
    }

    private static async Task DropAsync(HttpContext context)
    {
        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        Accept(context);
    }

    // An empty body is the protocol's empty answer message: nothing was refused.
    private static void Accept(HttpContext context) => context.Response.ContentType = "application/x-protobuf";
}
