namespace CtSeg.Local.FunctionsHost;

/// <summary>The host's log lines; ids 3000-3099 are the host's. Blob names and bodies stay out: they may tell who the patient is.</summary>
internal static partial class HostLog
{
    [LoggerMessage(3000, LogLevel.Information, "Host listening on {Address}, {Functions} functions")]
    public static partial void Listening(ILogger logger, Uri address, int functions);

    [LoggerMessage(3001, LogLevel.Information, "Handler started, process {ProcessId}, port {Port}")]
    public static partial void HandlerStarted(ILogger logger, int processId, int port);

    [LoggerMessage(3002, LogLevel.Information, "Handler ready at {Address}")]
    public static partial void HandlerReady(ILogger logger, Uri address);

    [LoggerMessage(3003, LogLevel.Error, "Handler error {Count} of {Limit} within {Window}: {Reason}")]
    public static partial void HandlerError(ILogger logger, int count, int limit, TimeSpan window, string reason);

    [LoggerMessage(3004, LogLevel.Information, "[handler] {Line}")]
    public static partial void HandlerLine(ILogger logger, string line);

    [LoggerMessage(3010, LogLevel.Information, "Executing {Function} ({Id})")]
    public static partial void Executing(ILogger logger, string function, string id);

    [LoggerMessage(3011, LogLevel.Information, "Executed {Function} ({Id}) in {Milliseconds} ms")]
    public static partial void Executed(ILogger logger, string function, string id, long milliseconds);

    [LoggerMessage(3012, LogLevel.Error, "Failed {Function} ({Id}): {Reason}")]
    public static partial void InvocationFailed(ILogger logger, string function, string id, string reason);

    [LoggerMessage(3013, LogLevel.Warning, "{Function} ({Id}) brought no result and never completes: {Reason}")]
    public static partial void NoResult(ILogger logger, string function, string id, string reason);

    [LoggerMessage(3014, LogLevel.Information, "[{Function}] {Line}")]
    public static partial void FunctionLog(ILogger logger, string function, string line);

    [LoggerMessage(3020, LogLevel.Warning, "{Function}: the trigger's source is out of reach, trying again in {Delay}: {Reason}")]
    public static partial void TriggerOutOfReach(ILogger logger, string function, TimeSpan delay, string reason);

    [LoggerMessage(3021, LogLevel.Error, "{Function}: a blob failed {Tries} times and went to the poison queue")]
    public static partial void BlobPoisoned(ILogger logger, string function, int tries);

    [LoggerMessage(3022, LogLevel.Error, "{Function}: a queue message failed {Tries} times and went to the poison queue")]
    public static partial void MessagePoisoned(ILogger logger, string function, long tries);

    [LoggerMessage(3023, LogLevel.Information, "{Function}: blob source EventGrid is treated as polling here")]
    public static partial void EventGridIsPolled(ILogger logger, string function);

    [LoggerMessage(3024, LogLevel.Warning, "{Function}: a message could not be settled and will be delivered again: {Reason}")]
    public static partial void NotSettled(ILogger logger, string function, string reason);

    [LoggerMessage(3025, LogLevel.Warning, "{Function}: authLevel '{Level}' and no function key is set: every request gets 401")]
    public static partial void NoFunctionKey(ILogger logger, string function, string level);

    [LoggerMessage(3026, LogLevel.Warning, "{Function}: the timer's state could not be read or written: {Reason}")]
    public static partial void TimerState(ILogger logger, string function, string reason);
}
