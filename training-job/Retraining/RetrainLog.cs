using CtSeg.TrainingRuns;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>Runs by id, messages by sequence number, never names of slices or groups.</summary>
internal static partial class RetrainLog
{
    [LoggerMessage(3100, LogLevel.Information, "Waiting for training requests.")]
    public static partial void Ready(this ILogger logger);

    [LoggerMessage(3101, LogLevel.Information, "Training run {Run} is taken, {State}.")]
    public static partial void Taken(this ILogger logger, string run, TrainingRunState state);

    [LoggerMessage(3102, LogLevel.Information, "Training run {Run} ended: {State}. {Reason}")]
    public static partial void Ended(this ILogger logger, string run, TrainingRunState state, string reason);

    [LoggerMessage(3103, LogLevel.Information, "Training run {Run} waits for its shadow.")]
    public static partial void WaitsForShadow(this ILogger logger, string run);

    [LoggerMessage(3104, LogLevel.Warning, "Training run {Run} is no longer ours: {Why}")]
    public static partial void RunLost(this ILogger logger, string run, string why);

    [LoggerMessage(3105, LogLevel.Warning, "The beat of training run {Run} could not be written ({Fault}).")]
    public static partial void BeatFailed(this ILogger logger, string run, string fault);

    [LoggerMessage(3106, LogLevel.Information, "Training run {Run} is in another job's hands; waiting to see whether it lives.")]
    public static partial void Held(this ILogger logger, string run);

    [LoggerMessage(3107, LogLevel.Information, "Message {SequenceNumber} has no work: {Why}")]
    public static partial void NothingToDo(this ILogger logger, long sequenceNumber, string why);

    [LoggerMessage(3108, LogLevel.Warning, "Training run {Run} is interrupted and goes on later: {Problem}")]
    public static partial void Interrupted(this ILogger logger, string run, string problem);

    [LoggerMessage(3109, LogLevel.Information, "Training run {Run}: epoch {Epoch} of {Epochs}, loss {Loss:F4}.")]
    public static partial void EpochDone(this ILogger logger, string run, int epoch, int epochs, double loss);

    [LoggerMessage(3110, LogLevel.Warning, "The checkpoint of training run {Run} is damaged or of another version of this program; training begins anew.")]
    public static partial void CheckpointDamaged(this ILogger logger, string run);

    [LoggerMessage(3111, LogLevel.Error, "Training run {Run} has no report: {Problem}")]
    public static partial void NoReport(this ILogger logger, string run, string problem);

    [LoggerMessage(3112, LogLevel.Information, "Training run {Run}: the model in use changed before the alias moved; deciding anew.")]
    public static partial void DecidesAnew(this ILogger logger, string run);

    [LoggerMessage(3113, LogLevel.Error, "Training run {Run} failed.")]
    public static partial void Failed(this ILogger logger, string run, Exception fault);

    [LoggerMessage(3114, LogLevel.Warning, "Training data: {Document} is left out: {Problem}")]
    public static partial void DamagedData(this ILogger logger, string document, string problem);

    [LoggerMessage(3115, LogLevel.Information, "Training run {Run}: training on {Slices} slices, {Locked} locked, starting {From}.")]
    public static partial void Trains(this ILogger logger, string run, int slices, int locked, string from);

    [LoggerMessage(3116, LogLevel.Information, "Training run {Run}: model {Version} is published.")]
    public static partial void Published(this ILogger logger, string run, string version);

    [LoggerMessage(3117, LogLevel.Information, "Training run {Run}: model {Version} is signed by the key {KeyId}.")]
    public static partial void Signed(this ILogger logger, string run, string version, string keyId);

    [LoggerMessage(3118, LogLevel.Warning, "Training run {Run}: its report lacks the comparison, which could not be repeated ({Fault}).")]
    public static partial void NotJudgedAgain(this ILogger logger, string run, string fault);

    [LoggerMessage(3119, LogLevel.Warning, "Training run {Run}: data that it learnt from or was judged by were erased; its report is removed.")]
    public static partial void TakenBack(this ILogger logger, string run);

    [LoggerMessage(3120, LogLevel.Error, "Training run {Run} ends though a step of its end failed.")]
    public static partial void EndsAllTheSame(this ILogger logger, string run, Exception fault);

    [LoggerMessage(3121, LogLevel.Information, "Training run {Run}: {Fitting} of {Epochs} epochs fit into its {Minutes} minutes; it begins anew with these.")]
    public static partial void Shortened(this ILogger logger, string run, int fitting, int epochs, double minutes);
}
