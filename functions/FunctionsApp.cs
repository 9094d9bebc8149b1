using CtSeg.Contracts;
using CtSeg.Corrections;
using CtSeg.DataSets;
using CtSeg.Erasure;
using CtSeg.Functions.Protocol;
using CtSeg.Functions.Settings;
using CtSeg.Intake;
using CtSeg.Processes;
using CtSeg.Recovery;
using CtSeg.Scans;
using CtSeg.Telemetry;
using CtSeg.Telemetry.Export;
using CtSeg.TrainingRuns;

namespace CtSeg.Functions;

/// <summary>The custom handler: invocations at <c>POST /{function}</c>, proxied requests at <c>/api/...</c>.</summary>
internal static class FunctionsApp
{
    private const string ApiPrefix = "/api/";
    // Settings do not change while the process lives: without this all folders of the app are watched for it.
    private const string WithoutWatching = "--hostBuilder:reloadConfigOnChange=false";
    // Names, metadata and JSON around the slice.
    private const long EnvelopeBytes = 1024 * 1024;

    /// <param name="settings">Application settings by name.</param>
    /// <exception cref="SettingsException">The settings do not allow a start.</exception>
    public static WebApplication Build(IReadOnlyDictionary<string, string> settings, TimeProvider clock) => Build(settings, FunctionsOptions.Read(settings), clock);

    /// <param name="options">What the settings say.</param>
    internal static WebApplication Build(IReadOnlyDictionary<string, string> settings, FunctionsOptions options, TimeProvider clock)
    {
        // The base image's ASPNETCORE_CONTENTROOT and ASPNETCORE_URLS are not meant for this process.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, Args = [WithoutWatching] });
        builder.WebHost.UseUrls($"http://127.0.0.1:{options.Port}");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = (options.MaxUploadBytes + 2) / 3 * 4 + EnvelopeBytes;
            // The host is the only client: what it sends slowly is not an attack.
            kestrel.Limits.MinRequestBodyDataRate = null;
        });
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        // For as long as the process lives; the host ends it by a kill.
        TelemetryExport.Start(options.Telemetry, TelemetryNames.FunctionsService, settings.GetValueOrDefault)?.AddTo(builder.Logging);
        if (ParentLifeline.IsRequested)
            builder.Services.AddSingleton<IHostLifetime, ParentsLifetime>();
        var app = builder.Build();
        app.UseMiddleware<FunctionErrors>();
        app.UseStatusCodePages(context => Problem.WriteAsync(
            context.HttpContext, context.HttpContext.Response.StatusCode, "There is no such function here."));
        Map(app, options, clock);
        return app;
    }

    private static void Map(WebApplication app, FunctionsOptions options, TimeProvider clock)
    {
        var logs = app.Services.GetRequiredService<ILoggerFactory>();
        var statusContainer = options.Storage.GetBlobContainerClient(Containers.Status);
        var statuses = new StatusStore(statusContainer);
        var blobs = new ScanBlobs(options.Storage);

        var preprocess = new PreprocessSliceTrigger(
            new SliceIntake(statuses, blobs, options.ImageLimits, clock), options.MaxUploadBytes, clock, logs.CreateLogger<PreprocessSliceTrigger>());
        var outcomes = new CorrectionStore(options.Storage);
        var corrections = new CorrectionIntake(
            outcomes, new DataSetStore(options.Storage, clock), statuses, blobs, options.ImageLimits, options.MaxUploadBytes, clock);
        var audit = options.Storage.GetBlobContainerClient(Containers.Audit);
        var lost = new LostCorrections(corrections, blobs, audit);
        var poisoned = new RecordPoisonedSliceTrigger(
            new PoisonedSlices(statuses, blobs, options.MaxUploadBytes, clock), lost, clock, logs.CreateLogger<RecordPoisonedSliceTrigger>());
        var letters = new DeadLetters(statuses, blobs, audit, clock);
        var deadLetters = new RecordDeadLettersTrigger(letters, clock, logs.CreateLogger<RecordDeadLettersTrigger>());
        var reconcile = new ReconcileScansTrigger(
            new ScanReconciler(statuses, blobs, options.Reconcile, clock), clock, logs.CreateLogger<ReconcileScansTrigger>());
        var accept = new AcceptCorrectionTrigger(corrections, lost, logs.CreateLogger<AcceptCorrectionTrigger>());
        MapTrigger(app, PreprocessSliceTrigger.Name, FunctionTriggers.Blob, preprocess.RunAsync);
        MapTrigger(app, AcceptCorrectionTrigger.Name, FunctionTriggers.Blob, accept.RunAsync);
        MapTrigger(app, RecordPoisonedSliceTrigger.Name, FunctionTriggers.Queue, poisoned.RunAsync);
        MapTrigger(app, RecordDeadLettersTrigger.Name, FunctionTriggers.Queue, deadLetters.RunAsync);
        MapTrigger(app, ReconcileScansTrigger.Name, FunctionTriggers.Timer, reconcile.RunAsync);
        MapTrigger(app, TakeUploadTrigger.Name, FunctionTriggers.Queue,
            new TakeUploadTrigger(blobs, options.MaxUploadBytes, preprocess, accept, poisoned, logs.CreateLogger<TakeUploadTrigger>()).RunAsync);
        MapTrigger(app, RecordLostUploadTrigger.Name, FunctionTriggers.Queue,
            new RecordLostUploadTrigger(poisoned, letters, logs.CreateLogger<RecordLostUploadTrigger>()).RunAsync);

        MapGet(app, ApiPrefix + ListScansEndpoint.Route, new ListScansEndpoint(statuses).RunAsync);
        MapGet(app, ApiPrefix + GetScanEndpoint.Route, new GetScanEndpoint(statuses).RunAsync);
        MapGet(app, ApiPrefix + ListModelsEndpoint.Route, new ListModelsEndpoint(options.Storage).RunAsync);
        MapGet(app, ApiPrefix + GetCorrectionEndpoint.Route, new GetCorrectionEndpoint(outcomes).RunAsync);
        MapGet(app, ApiPrefix + GetHealthEndpoint.Route,
            new GetHealthEndpoint(statusContainer, clock, logs.CreateLogger<GetHealthEndpoint>()).RunAsync);
        MapTrainingRuns(app, options, clock, logs);
        // The host asks here until there is an answer, then takes the handler for ready.
        MapGet(app, "/", context => Reply.WriteAsync(context, "{}"u8.ToArray()));
    }

    private static void MapTrainingRuns(WebApplication app, FunctionsOptions options, TimeProvider clock, ILoggerFactory logs)
    {
        var runs = new TrainingRunStore(options.Storage, clock);
        MapTrigger(app, ScheduleRetrainingTrigger.Name, FunctionTriggers.Timer,
            new ScheduleRetrainingTrigger(runs, options.Night, clock, logs.CreateLogger<ScheduleRetrainingTrigger>()).RunAsync);
        MapTrigger(app, StartTrainingRunTrigger.Name, FunctionTriggers.Http,
            new StartTrainingRunTrigger(runs, clock, logs.CreateLogger<StartTrainingRunTrigger>()).RunAsync);
        MapTrigger(app, ReconcileTrainingRunsTrigger.Name, FunctionTriggers.Timer,
            new ReconcileTrainingRunsTrigger(
                new TrainingRunReconciler(options.Storage, runs, options.TrainingRuns, clock), new ErasureReview(options.Storage, clock), clock, logs.CreateLogger<ReconcileTrainingRunsTrigger>()).RunAsync);
        MapGet(app, ApiPrefix + ListTrainingRunsEndpoint.Route, new ListTrainingRunsEndpoint(runs).RunAsync);
        MapGet(app, ApiPrefix + GetTrainingRunEndpoint.Route, new GetTrainingRunEndpoint(runs).RunAsync);
    }

    private static void MapTrigger(WebApplication app, string function, string trigger, Func<HttpRequest, CancellationToken, Task<Answer>> run)
    {
        RequestDelegate handler = async context =>
        {
            using var span = InvocationSpan.Start(function, trigger, context.Request);
            byte[] answer;
            try
            {
                answer = (await run(context.Request, context.RequestAborted)).ToUtf8();
            }
            catch (Exception e)
            {
                span.Fail(e);
                throw;
            }
            // Ended before the host hears of it, which may end this process at once.
            span?.Stop();
            await Reply.WriteAsync(context, answer);
        };
        app.MapPost($"/{function}", handler);
    }

    private static void MapGet(WebApplication app, string path, RequestDelegate handler) => app.MapGet(path, handler);

    /// <summary>The parent alone decides when this process ends (<see cref="ParentLifeline"/>); signals do not.</summary>
    private sealed class ParentsLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
