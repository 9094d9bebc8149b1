using System.Net;
using Azure;
using Azure.Storage.Blobs.Models;

namespace CtSeg.Scans;

/// <summary>Reads answers of the storage service: an expected refusal apart from a fault of the same HTTP status, a version apart from another.</summary>
internal static class BlobAnswers
{
    /// <summary>The blob is missing; a missing container is a fault of the set-up and not meant.</summary>
    public static bool IsNotThere(RequestFailedException e) =>
        e.Status == (int)HttpStatusCode.NotFound && e.ErrorCode == BlobErrorCode.BlobNotFound;

    /// <summary>Another writer was first; a lease or a container being deleted is a fault and not meant.</summary>
    public static bool IsConditionNotMet(RequestFailedException e) =>
        e.ErrorCode == BlobErrorCode.ConditionNotMet || e.ErrorCode == BlobErrorCode.BlobAlreadyExists;

    /// <summary>Whether a blob is still the version that an event was about; events and headers differ in the quotes of an ETag.</summary>
    /// <param name="told">With or without quotes; null or empty where it is not known, which any version answers.</param>
    public static bool IsVersion(ETag found, string? told) =>
        string.IsNullOrEmpty(told) || told.Trim('"') == found.ToString().Trim('"');

    /// <summary>The fault of storage in an exception: the storage client wraps those of its own tries when they are used up.</summary>
    /// <returns>Null for any other exception.</returns>
    public static RequestFailedException? FaultIn(Exception exception) => exception switch
    {
        RequestFailedException fault => fault,
        AggregateException tries => tries.InnerExceptions.OfType<RequestFailedException>().LastOrDefault(),
        _ => null,
    };
}
