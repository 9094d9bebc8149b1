using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Segmentation;

namespace CtSeg.DataSets;

/// <param name="Slice">Null where the document cannot be used.</param>
/// <param name="Problem">Why not; it quotes nothing of the document.</param>
internal sealed record ReadDocument(TrainingSlice? Slice, string Problem = "");

/// <summary>Reads documents of slices, and refuses what must not become a path, a number of pixels or a group.</summary>
internal static class DocumentReader
{
    /// <param name="id">That the blob's name says.</param>
    public static ReadDocument Read(BinaryData json, ScanId id)
    {
        try
        {
            var slice = JsonSerializer.Deserialize(json.ToMemory().Span, ContractsJson.Default.TrainingSlice);
            var problem = slice is null ? "It is null." : ProblemOf(slice, id);
            return problem is null ? new ReadDocument(slice) : new ReadDocument(null, problem);
        }
        catch (JsonException)
        {
            return new ReadDocument(null, "It is no document of a slice.");
        }
    }

    private static string? ProblemOf(TrainingSlice slice, ScanId id)
    {
        if (slice.Version != 1)
            return $"It has the version {slice.Version}; 1 is known.";
        if (slice.Id != id)
            return "It is of another slice.";
        if (!NewSlice.IsName(slice.Name) || !NewSlice.IsName(slice.Group))
            return "Its name or group is blank or too long.";
        if (!ContentHash.IsPlausible(slice.ImageSha256) || !ContentHash.IsPlausible(slice.MaskSha256) || !ContentHash.IsPlausible(slice.Picture.Sha256)
            || slice.EarlierMasks?.All(ContentHash.IsPlausible) == false)
            return "A hash in it is not 64 hexadecimal characters.";
        if (!PictureFingerprint.IsPlausible(slice.Picture.Fingerprint))
            return "Its fingerprint is not 64 hexadecimal characters.";
        if (slice.Width <= 0 || slice.Height <= 0 || slice.ClassPixels.Count != LesionMask.ClassCount
            || slice.ClassPixels.Any(pixels => pixels < 0) || slice.ClassPixels.Sum() != (long)slice.Width * slice.Height)
            return "Its pixels do not add up.";
        return null;
    }
}
