using System.Net.Sockets;
using Azure;
using CtSeg.ServiceBus;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>What becomes of a message after one try.</summary>
internal enum Settlement
{
    Complete,
    DeadLetter,
    /// <summary>Give it back now: others can take it.</summary>
    Abandon,
    /// <summary>Give it back after a pause: the next try may fare better.</summary>
    AbandonLater,
    /// <summary>Try again here while the lock is held: storage or bus are out of reach, for this message as for any.</summary>
    TryAgain,
    /// <summary>It is no longer ours.</summary>
    Leave,
}

/// <param name="Problem">One sentence; null where there is none.</param>
/// <param name="StopsConsumer">This process is of no more use.</param>
internal sealed record Verdict(Settlement Settlement, string? Problem = null, bool StopsConsumer = false)
{
    /// <value>The slice that this try made a result of; null where it made none.</value>
    public SegmentedSlice? Segmented { get; init; }

    /// <value>A code or the name of a fault's type; null where nothing went wrong.</value>
    public string? ErrorType { get; init; }

    /// <summary>Of a fault that is not the slice's.</summary>
    /// <param name="lockLost">The message is no longer ours.</param>
    /// <param name="stopping">The process was told to end.</param>
    public static Verdict On(Exception fault, bool lockLost, bool stopping)
    {
        var verdict = Judge(fault, lockLost, stopping);
        return verdict.Problem is null ? verdict : verdict with { ErrorType = fault.GetType().FullName };
    }

    private static Verdict Judge(Exception fault, bool lockLost, bool stopping) => fault switch
    {
        _ when lockLost => new Verdict(Settlement.Leave, "The lock was lost."),
        OperationCanceledException when stopping => new Verdict(Settlement.Abandon),
        ModelBrokenException => new Verdict(Settlement.Abandon, fault.Message, StopsConsumer: true),
        _ when IsOutage(fault) => new Verdict(stopping ? Settlement.Abandon : Settlement.TryAgain, Describe(fault)),
        _ => new Verdict(stopping ? Settlement.Abandon : Settlement.AbandonLater, Describe(fault)),
    };

    /// <remarks>The storage client wraps the faults of its own tries in an <see cref="AggregateException"/>.</remarks>
    public static bool IsOutage(Exception fault) => fault switch
    {
        ServiceBusException bus => bus.IsTransient,
        AggregateException several => several.InnerExceptions.All(IsOutage),
        // A cancellation that nobody asked for is a time-out of the HTTP client.
        RequestFailedException or HttpRequestException or SocketException or IOException or TimeoutException or OperationCanceledException => true,
        _ => false,
    };

    // Messages of storage faults quote the address, and so names of blobs.
    public static string Describe(Exception fault) => fault switch
    {
        RequestFailedException storage => $"The storage answered {storage.Status} {storage.ErrorCode}.",
        AggregateException several => Describe(several.InnerExceptions[0]),
        ServiceBusException or ModelOverloadedException => fault.Message,
        _ => fault.GetType().Name,
    };
}
