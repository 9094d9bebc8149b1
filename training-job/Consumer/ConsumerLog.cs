using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>Scans by id, messages by sequence number: names of uploads may tell of patients.</summary>
internal static partial class ConsumerLog
{
    [LoggerMessage(3000, LogLevel.Information, "Model {Version} loaded; waiting for slices.")]
    public static partial void Ready(this ILogger logger, string version);

    [LoggerMessage(3001, LogLevel.Information, "Slice {ScanId} segmented: model {ModelMs:F0} ms, fetched in {FetchMs:F0} ms, stored in {StoreMs:F0} ms.")]
    public static partial void Segmented(this ILogger logger, string scanId, double modelMs, double fetchMs, double storeMs);

    [LoggerMessage(3002, LogLevel.Information, "Slice {ScanId} needs no work: {End}.")]
    public static partial void NothingToDo(this ILogger logger, string scanId, SliceEnd end);

    [LoggerMessage(3003, LogLevel.Warning, "Slice {ScanId} is not done: {Problem} Next: {Settlement}.")]
    public static partial void NotDone(this ILogger logger, string scanId, string problem, Settlement settlement);

    [LoggerMessage(3004, LogLevel.Warning, "Message {SequenceNumber} is dead-lettered: {Problem}")]
    public static partial void Unreadable(this ILogger logger, long sequenceNumber, string problem);

    [LoggerMessage(3005, LogLevel.Warning, "Message {SequenceNumber} could not be settled ({Settlement}) and will come again: {Problem}")]
    public static partial void NotSettled(this ILogger logger, long sequenceNumber, Settlement settlement, string problem);

    [LoggerMessage(3006, LogLevel.Warning, "The lock on message {SequenceNumber} was lost; it will come again.")]
    public static partial void LockLost(this ILogger logger, long sequenceNumber);

    [LoggerMessage(3007, LogLevel.Warning, "The lock on message {SequenceNumber} could not be renewed: {Problem}")]
    public static partial void RenewalFailed(this ILogger logger, long sequenceNumber, string problem);

    [LoggerMessage(3008, LogLevel.Warning, "No messages can be received: {Problem} Next try in {Seconds} s.")]
    public static partial void ReceiveFailed(this ILogger logger, string problem, double seconds);

    [LoggerMessage(3009, LogLevel.Information, "Stopping: {InWork} slices in work are finished or given back, {Waiting} waiting ones are given back.")]
    public static partial void Draining(this ILogger logger, int inWork, int waiting);

    [LoggerMessage(3010, LogLevel.Warning, "{InWork} slices did not end in time; their messages will come again.")]
    public static partial void DrainTimedOut(this ILogger logger, int inWork);

    [LoggerMessage(3011, LogLevel.Information, "No work for {Seconds:F0} s: done.")]
    public static partial void Idle(this ILogger logger, double seconds);

    [LoggerMessage(3012, LogLevel.Critical, "The model fails on every slice: this process ends, its messages go back.")]
    public static partial void ModelBroken(this ILogger logger);

    [LoggerMessage(3013, LogLevel.Information, "Model {Version} took over from {Before}.")]
    public static partial void Swapped(this ILogger logger, string before, string version);

    [LoggerMessage(3014, LogLevel.Error, "Model {Version} is refused: {Reason} Serving: {Serving}.")]
    public static partial void ModelRefused(this ILogger logger, string version, string reason, string serving);

    [LoggerMessage(3015, LogLevel.Warning, "The look for another model failed and is repeated: {Problem}")]
    public static partial void WatchFailed(this ILogger logger, string problem);

    [LoggerMessage(3016, LogLevel.Warning, "Model {Version}, the last one that served on this machine, serves.")]
    public static partial void LastServes(this ILogger logger, string version);

    [LoggerMessage(3017, LogLevel.Warning, "The disk did not take the note that model {Version} serves.")]
    public static partial void NotNoted(this ILogger logger, string version);

    [LoggerMessage(3018, LogLevel.Warning, "An alert could not be sent and is sent again: {Problem}")]
    public static partial void AlertNotSent(this ILogger logger, string problem);

    [LoggerMessage(3019, LogLevel.Information, "Challenger {Version} of run {RunId} runs in shadow.")]
    public static partial void ShadowBegins(this ILogger logger, string version, string runId);

    [LoggerMessage(3020, LogLevel.Information, "The shadow of run {RunId} has ended.")]
    public static partial void ShadowEnds(this ILogger logger, string runId);

    [LoggerMessage(3021, LogLevel.Warning, "The shadow's word on slice {ScanId} is lost: {Problem}")]
    public static partial void ShadowLost(this ILogger logger, string scanId, string problem);

    [LoggerMessage(3022, LogLevel.Warning, "models/shadow.json names no model, run and share that could be: there is no shadow.")]
    public static partial void ShadowUnusable(this ILogger logger);

    [LoggerMessage(3023, LogLevel.Warning, "Model {Version}, which served before, serves.")]
    public static partial void EarlierServes(this ILogger logger, string version);
}
