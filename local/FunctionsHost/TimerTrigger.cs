using System.Globalization;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace CtSeg.Local.FunctionsHost;

/// <summary>Runs a function by a schedule; when it last ran is kept in storage, so that a run missed while the host was down is made up for.</summary>
internal sealed class TimerTrigger : ITrigger
{
    // Task.Delay takes at most 49 days, and long sleeps drift over a suspended machine.
    private static readonly TimeSpan LongestSleep = TimeSpan.FromHours(1);

    private readonly FunctionDefinition _function;
    private readonly FunctionInvoker _invoker;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TimerSchedule _schedule;
    private readonly bool _runOnStartup;
    private readonly BlobContainerClient? _states;
    private readonly string _stateName;

    public TimerTrigger(FunctionDefinition function, FunctionApp app, FunctionsHostOptions options, FunctionInvoker invoker, TimeProvider time, ILogger logger)
    {
        _function = function;
        _invoker = invoker;
        _time = time;
        _logger = logger;
        _schedule = new TimerSchedule(function.Name, function.Trigger.Get("schedule"));
        _runOnStartup = IsTrue("runOnStartup", otherwise: false);
        DateTimeOffset? first = _schedule.Next(time.GetUtcNow());
        // As the real host: schedules of less than a minute are not monitored.
        bool isSlow = first is { } next && _schedule.Next(next) - next >= TimeSpan.FromMinutes(1);
        _stateName = $"timers/{options.HostId}/Host.Functions.{function.Name}/status";
        if (isSlow && IsTrue("useMonitor", otherwise: true))
            _states = app.Settings.Connection("AzureWebJobsStorage").OpenContainer(FunctionsHost.StateContainer);
    }

    public async Task RunAsync(CancellationToken stopping, CancellationToken abort)
    {
        try
        {
            ScheduleStatus? status = await LoadAsync(stopping);
            bool isPastDue = status is not null && status.Next < _time.GetUtcNow();
            DateTimeOffset started = _time.GetUtcNow();
            if (_runOnStartup || isPastDue)
                status = await RunOnceAsync(status, started, isPastDue, stopping, abort);
            while (_schedule.Next(_time.GetUtcNow()) is { } due)
            {
                while (due - _time.GetUtcNow() is { Ticks: > 0 } left)
                    await Task.Delay(left < LongestSleep ? left : LongestSleep, _time, stopping);
                status = await RunOnceAsync(status, due, isPastDue: false, stopping, abort);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    private async Task<ScheduleStatus?> RunOnceAsync(ScheduleStatus? status, DateTimeOffset due, bool isPastDue, CancellationToken stopping, CancellationToken abort)
    {
        string? lastError = null;
        for (int retry = 0; ; retry++)
        {
            try
            {
                await _invoker.InvokeAsync(_function, Describe(status, isPastDue, retry, lastError), abort);
                break;
            }
            catch (InvocationFailedException e)
            {
                if (retry >= (_function.Retry?.MaxRetryCount ?? 0))
                    break;
                lastError = e.Message;
                await Task.Delay(_function.Retry!.Delay(retry + 1), _time, stopping);
            }
        }

        if (_states is null || _schedule.Next(_time.GetUtcNow()) is not { } next)
            return null;
        ScheduleStatus now = new(due, due, next);
        await SaveAsync(now, abort);
        return now;
    }

    internal TriggerData Describe(ScheduleStatus? status, bool isPastDue, int retry, string? lastError)
    {
        JObject timer = new(
            new JProperty("Schedule", new JObject(new JProperty("AdjustForDST", true))),
            new JProperty("ScheduleStatus", status?.ToJson()),
            new JProperty("IsPastDue", isPastDue));
        TriggerData data = _invoker.WithSystem(_function, timer, [KeyValuePair.Create("TimerTrigger", (object?)"")]);
        if (retry == 0)
            return data;
        JObject context = new(
            new JProperty("RetryCount", retry),
            new JProperty("MaxRetryCount", _function.Retry?.MaxRetryCount ?? 0),
            new JProperty("Exception", new JObject(new JProperty("Message", lastError))));
        return data with { Metadata = [.. data.Metadata, KeyValuePair.Create("RetryContext", (object?)context)] };
    }

    private async Task<ScheduleStatus?> LoadAsync(CancellationToken stopping)
    {
        if (_states is null)
            return null;
        try
        {
            return ScheduleStatus.Parse((await _states.GetBlobClient(_stateName).DownloadContentAsync(stopping)).Value.Content.ToString());
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
        catch (Exception e) when (BackOff.IsSourceError(e) || e is JsonException or FormatException or ArgumentNullException)
        {
            HostLog.TimerState(_logger, _function.Name, e.Message.Split('\n')[0]);
            return null;
        }
    }

    private async Task SaveAsync(ScheduleStatus status, CancellationToken abort)
    {
        try
        {
            BlobClient state = _states!.GetBlobClient(_stateName);
            BinaryData content = BinaryData.FromString(status.ToJson().ToString(Formatting.None));
            try
            {
                await state.UploadAsync(content, overwrite: true, abort);
            }
            catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
            {
                // The host's own container: whichever trigger comes first makes it.
                await _states.CreateIfNotExistsAsync(cancellationToken: abort);
                await state.UploadAsync(content, overwrite: true, abort);
            }
        }
        catch (Exception e) when (BackOff.IsSourceError(e))
        {
            HostLog.TimerState(_logger, _function.Name, e.Message.Split('\n')[0]);
        }
    }

    private bool IsTrue(string property, bool otherwise) =>
        _function.Trigger.Find(property) is { } text ? text.Equals("true", StringComparison.OrdinalIgnoreCase) : otherwise;
}

/// <summary>When a timer last ran and runs next (UTC).</summary>
internal sealed record ScheduleStatus(DateTimeOffset Last, DateTimeOffset LastUpdated, DateTimeOffset Next)
{
    public JObject ToJson() => new(new JProperty("Last", Last), new JProperty("LastUpdated", LastUpdated), new JProperty("Next", Next));

    public static ScheduleStatus Parse(string json)
    {
        using JsonTextReader reader = new(new StringReader(json)) { DateParseHandling = DateParseHandling.None };
        JObject status = JObject.Load(reader);
        return new ScheduleStatus(Time("Last"), Time("LastUpdated"), Time("Next"));

        DateTimeOffset Time(string name) => DateTimeOffset.Parse(status.Value<string>(name)!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
    }
}
