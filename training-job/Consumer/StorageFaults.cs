using Azure;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>Faults of storage and of the way to it: the next try may fare better.</summary>
internal static class StorageFaults
{
    /// <remarks>The storage client wraps the faults of its own tries in an <see cref="AggregateException"/>; a cancellation is a time-out of the HTTP client.</remarks>
    public static bool Is(Exception fault) => fault switch
    {
        AggregateException several => several.InnerExceptions.All(Is),
        _ => fault is RequestFailedException or HttpRequestException or IOException or UnauthorizedAccessException or TimeoutException
            or OperationCanceledException or Azure.Identity.AuthenticationFailedException,
    };

    /// <returns>One sentence without names of blobs, which messages of storage quote.</returns>
    public static string Describe(Exception fault) => fault switch
    {
        RequestFailedException storage => $"The storage answered {storage.Status} {storage.ErrorCode}.",
        AggregateException several => Describe(several.InnerExceptions[0]),
        _ => $"{fault.GetType().Name}.",
    };
}
