using System.Net;
using System.Text;
using System.Threading.Channels;
using CtSeg.Local.FunctionsHost;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CtSeg.Local.Tests.FunctionsHost;

internal sealed record SeenRequest(string Method, string Target, IHeaderDictionary Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);
}

internal sealed record ScriptedAnswer(int Status, string? ContentType, byte[] Body)
{
    public static ScriptedAnswer Json(string body, int status = 200) => new(status, "application/json; charset=utf-8", Encoding.UTF8.GetBytes(body));
}

/// <summary>A handler in this process that answers as a test says and keeps what it was asked.</summary>
internal sealed class ScriptedHandler : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly Channel<SeenRequest> _seen = Channel.CreateUnbounded<SeenRequest>();

    private ScriptedHandler(WebApplication server) => _server = server;

    public Func<SeenRequest, Task<ScriptedAnswer>> Answer { get; set; } = _ => Task.FromResult(ScriptedAnswer.Json("{}"));

    /// <value>Takes a whole request instead of <see cref="Answer"/> where set.</value>
    public RequestDelegate? Raw { get; set; }

    public Uri Address { get; private set; } = new("http://127.0.0.1");

    public List<ScriptedProcess> Processes { get; } = [];

    public static async Task<ScriptedHandler> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        ScriptedHandler handler = new(builder.Build());
        handler._server.Run(handler.HandleAsync);
        await handler._server.StartAsync();
        handler.Address = new Uri(handler._server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return handler;
    }

    public IHandlerProcess Start()
    {
        ScriptedProcess process = new(Address);
        Processes.Add(process);
        return process;
    }

    public Task<SeenRequest> NextAsync() => _seen.Reader.ReadAsync().AsTask().SoonAsync();

    public bool HasMore => _seen.Reader.TryPeek(out _);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        if (context.Request.Path == "/")
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (Raw is not null)
        {
            await Raw(context);
            return;
        }

        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        SeenRequest seen = new(context.Request.Method, context.Request.Path + context.Request.QueryString.ToString(), new HeaderDictionary(context.Request.Headers.ToDictionary(pair => pair.Key, pair => pair.Value)), body.ToArray());
        await _seen.Writer.WriteAsync(seen);
        ScriptedAnswer answer = await Answer(seen);
        context.Response.StatusCode = answer.Status;
        if (answer.ContentType is not null)
            context.Response.ContentType = answer.ContentType;
        if (answer.Body.Length > 0)
            await context.Response.Body.WriteAsync(answer.Body);
    }
}

internal sealed class ScriptedProcess(Uri address) : IHandlerProcess
{
    private readonly TaskCompletionSource<string> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Uri Address { get; } = address;

    public Task<string> Exited => _exited.Task;

    public bool IsKilled { get; private set; }

    public void Exit() => _exited.TrySetResult("the handler exited with code 134");

    public ValueTask DisposeAsync()
    {
        IsKilled = true;
        _exited.TrySetResult("killed");
        return ValueTask.CompletedTask;
    }
}
