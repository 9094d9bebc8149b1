using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace CtSeg.Local.Tests.Traces;

/// <summary>Says yes to everything that is sent to it, and keeps it.</summary>
internal sealed class Endpoint : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly ConcurrentQueue<(string Path, string Body)> _received = new();
    private readonly TaskCompletionSource _logsCame = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _logsOpen;

    private Endpoint(Task logsOpen)
    {
        _logsOpen = logsOpen;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel((KestrelServerOptions kestrel) => kestrel.Listen(IPAddress.Loopback, 0));
        _server = builder.Build();
        _server.Run(TakeAsync);
    }

    public string Address => _server.Urls.Single();

    /// <summary>Ends when the first logs are there.</summary>
    public Task LogsCame => _logsCame.Task;

    /// <param name="logsOpen">Logs are answered when this has ended; null: at once.</param>
    public static async Task<Endpoint> StartAsync(Task? logsOpen = null)
    {
        var endpoint = new Endpoint(logsOpen ?? Task.CompletedTask);
        await endpoint._server.StartAsync(TestContext.Current.CancellationToken);
        return endpoint;
    }

    /// <summary>All that came to a path, as text; of binary content the texts in it can be read.</summary>
    public string BodyOf(string path) => string.Concat(_received.Where(one => one.Path == path).Select(one => one.Body));

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        if (context.Request.Path == "/v1/logs")
        {
            _logsCame.TrySetResult();
            await _logsOpen.WaitAsync(context.RequestAborted);
        }

        using var body = new MemoryStream();
        if (context.Request.Headers.ContentEncoding == "gzip")
        {
            await using var unpacked = new GZipStream(context.Request.Body, CompressionMode.Decompress);
            await unpacked.CopyToAsync(body, context.RequestAborted);
        }
        else
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        _received.Enqueue((context.Request.Path.ToString(), Encoding.UTF8.GetString(body.ToArray())));
        await context.Response.WriteAsync("""{"itemsReceived":1,"itemsAccepted":1,"errors":[]}""", context.RequestAborted);
    }
}
