using CtSeg.Contracts;
using CtSeg.DataSets;

namespace CtSeg.Corrections;

/// <summary>Which group an uploaded slice belongs to: what its metadata say, else the folder it lies in, else it is a group of its own.</summary>
public static class UploadGroup
{
    /// <param name="blobName">Path inside <see cref="Containers.Slices"/>.</param>
    /// <param name="metadata">Of the upload; null where it is gone.</param>
    public static string Of(string blobName, IDictionary<string, string>? metadata, ScanId scan) => Of(blobName, metadata) ?? scan.ToString();

    /// <returns>Null where only the scan id could stand for it.</returns>
    public static string? Of(string blobName, IDictionary<string, string>? metadata)
    {
        ArgumentNullException.ThrowIfNull(blobName);
        if (CorrectionMetadata.Find(metadata, CorrectionMetadata.Group) is { } given && NewSlice.IsName(given))
            return given;
        var slash = blobName.LastIndexOf('/');
        return slash > 0 && NewSlice.IsName(blobName[..slash]) ? blobName[..slash] : null;
    }
}
