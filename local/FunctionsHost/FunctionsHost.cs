using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace CtSeg.Local.FunctionsHost;

/// <summary>
/// A local Azure Functions host for custom handlers: reads host.json and the function.json folders, runs the handler,
/// watches the triggers and speaks the real host's contract, its unkind parts included.
/// </summary>
#pragma warning disable MA0049 // The capability has one entry point and shares its name.
internal sealed class FunctionsHost : IAsyncDisposable
#pragma warning restore MA0049
{
    /// <value>Where hosts keep receipts and timer states.</value>
    public const string StateContainer = "azure-webjobs-hosts";

    private readonly FunctionsHostOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private readonly HandlerSupervisor _handler;
    private readonly ServiceBusConnections _serviceBus;
    private readonly OutputWriter _outputs;
    private readonly List<ITrigger> _triggers = [];
    private readonly WebApplication _server;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abort = new();
    private Task _running = Task.CompletedTask;
    private int _disposed;

    private FunctionsHost(FunctionsHostOptions options, FunctionApp app, TimeProvider time, ILoggerFactory logging)
    {
        ILogger logger = logging.CreateLogger("CtSeg.FunctionsHost");
        _options = options;
        _time = time;
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.None, ActivityHeadersPropagator = null })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _handler = new HandlerSupervisor(port => options.StartHandler(HandlerOf(app, port), logger), _http, time, logger);
        _serviceBus = new ServiceBusConnections(options.ServiceBus);
        _outputs = new OutputWriter(app.Host, _serviceBus);
        FunctionInvoker invoker = new(app.Host, _handler, _http, _outputs, options.NewGuid, time, logger);
        foreach (FunctionDefinition function in app.Functions)
            if (CreateTrigger(function, app, invoker, logger) is { } trigger)
                _triggers.Add(trigger);
        _server = CreateServer(options, new HttpFunctions(app, options, invoker, _handler, _http, time, logger), logging);
    }

    public Uri BaseAddress { get; private set; } = new("http://127.0.0.1");

    /// <value>Ends when the host is stopped; faulted when the handler failed too often or a trigger broke.</value>
    public Task Completion => _running;

    /// <summary>Loads the app, starts the handler and, once it answers, the triggers.</summary>
    /// <exception cref="FunctionAppException">The app cannot be loaded or its handler does not start.</exception>
    public static async Task<FunctionsHost> StartAsync(FunctionsHostOptions options, TimeProvider time, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        FunctionApp app = FunctionApp.Load(options.AppRoot, options.Settings);
        AppSettingsCheck.ThrowIfWrong(app);
        if (options.FunctionTimeout is { } timeout)
            app = app with { Host = app.Host with { FunctionTimeout = timeout } };
        FunctionsHost host = new(options, app, time, logging);
        bool started = false;
        try
        {
            await host._handler.StartAsync(cancellationToken);
            await host._server.StartAsync(cancellationToken);
            started = true;
        }
        finally
        {
            if (!started)
                await host.DisposeAsync();
        }

        host.BaseAddress = new Uri(host._server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        host._running = host.RunAsync();
        HostLog.Listening(logging.CreateLogger("CtSeg.FunctionsHost"), host.BaseAddress, app.Functions.Count);
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _stopping.CancelAsync();
        _abort.CancelAfter(_options.StopLimit);
        await _running.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await _handler.DisposeAsync();
        await _server.DisposeAsync();
        await _outputs.DisposeAsync();
        await _serviceBus.DisposeAsync();
        _http.Dispose();
        _stopping.Dispose();
        _abort.Dispose();
    }

    private async Task RunAsync()
    {
        List<Task> parts = [_handler.Completion, .. _triggers.Select(trigger => Task.Run(() => trigger.RunAsync(_stopping.Token, _abort.Token)))];
        List<Task> triggers = parts[1..];
        Task stopped = Task.Delay(Timeout.InfiniteTimeSpan, _time, _stopping.Token);
        while (!_stopping.IsCancellationRequested)
        {
            Task ended = await Task.WhenAny([stopped, .. parts]);
            parts.Remove(ended);
            if (ended.IsFaulted)
                break;
        }

        await _stopping.CancelAsync();
        _abort.CancelAfter(_options.StopLimit);
        await Task.WhenAll([.. triggers, .. _handler.Completion.IsFaulted ? [_handler.Completion] : Array.Empty<Task>()]);
    }

    private ITrigger? CreateTrigger(FunctionDefinition function, FunctionApp app, FunctionInvoker invoker, ILogger logger) => function.Trigger.Type.ToUpperInvariant() switch
    {
        "BLOBTRIGGER" => new BlobTrigger(function, app, _options, invoker, _time, logger),
        "QUEUETRIGGER" => new QueueTrigger(function, app, _options, invoker, _time, logger),
        "SERVICEBUSTRIGGER" => new ServiceBusTrigger(function, app.Host, _serviceBus, invoker, _time, logger),
        "TIMERTRIGGER" => new TimerTrigger(function, app, _options, invoker, _time, logger),
        _ => null,
    };

    private static HandlerStart HandlerOf(FunctionApp app, int port)
    {
        string portText = port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Dictionary<string, string> environment = new(app.Settings.Values)
        {
            ["FUNCTIONS_CUSTOMHANDLER_PORT"] = portText,
            ["FUNCTIONS_HTTPWORKER_PORT"] = portText,
            ["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"] = Guid.NewGuid().ToString(),
            ["FUNCTIONS_APP_ROOT_PATH"] = app.Root,
        };
        return new HandlerStart(app.Root, app.Host.ExecutablePath, app.Host.Arguments, environment, port);
    }

    private static WebApplication CreateServer(FunctionsHostOptions options, HttpFunctions functions, ILoggerFactory logging)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, options.Port);
            kestrel.Limits.MaxRequestBodySize = 210_000_000;
            kestrel.AddServerHeader = false;
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(logging);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.StopLimit);
        WebApplication server = builder.Build();
        server.UseRouting();
        server.MapGet("/admin/host/status", (RequestDelegate)(context =>
        {
            context.Response.ContentType = "application/json; charset=utf-8";
            return context.Response.WriteAsync($$"""{"state":"Running","version":"{{FunctionInvoker.HostVersion}}"}""", context.RequestAborted);
        }));
        functions.Map(server);
        return server;
    }
}
