using System.Text.Json;
using Azure;
using CtSeg.DataSets;
using CtSeg.TrainingRuns;

namespace CtSeg.Erasure;

/// <summary>What may keep one order from its end and must not hold up the others: storage that refuses, and documents that are damaged.</summary>
public static class ErasureFaults
{
    public static bool IsOfOneOrder(Exception exception) => exception
        is RequestFailedException or AggregateException or InvalidOperationException or IOException
        or DamagedDataException or DamagedTrainingRunException or JsonException or FormatException;

    /// <returns>A few words without names of slices or groups.</returns>
    public static string Describe(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception switch
        {
            RequestFailedException { ErrorCode: { Length: > 0 } code } => code,
            // They tell the blob by its path of ids.
            DamagedDataException or DamagedTrainingRunException => exception.Message.TrimEnd('.'),
            _ => exception.GetType().Name,
        };
    }
}
