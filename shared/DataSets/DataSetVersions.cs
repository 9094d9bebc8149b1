using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CtSeg.DataSets;

/// <summary>Versions follow from content: equal data have one version.</summary>
public static class DataSetVersions
{
    private const int Length = 16;

    public static string Of(IEnumerable<DataSetSlice> slices)
    {
        ArgumentNullException.ThrowIfNull(slices);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, slices);
        return Finish(hash);
    }

    /// <param name="locked">The slices of the set as they are in the data set.</param>
    public static string Of(EvaluationRule rule, IEnumerable<DataSetSlice> locked)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(locked);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{rule.Share:R}\n{rule.Seed}\n")));
        Append(hash, locked);
        return Finish(hash);
    }

    /// <summary>Whether a text has the form of a version, and so may be part of a path.</summary>
    public static bool IsPlausible(string? text) => text is { Length: Length } && text.All(char.IsAsciiHexDigitLower);

    private static void Append(IncrementalHash hash, IEnumerable<DataSetSlice> slices)
    {
        // The group by its hash: it is the one part that may hold any character.
        foreach (var slice in slices)
            hash.AppendData(Encoding.UTF8.GetBytes(
                $"{slice.Id} {HashOf(slice.Group)} {slice.ImageSha256} {slice.Picture.Sha256} {slice.Picture.Fingerprint} {slice.MaskSha256}{(slice.OwnGroup is { } own ? " " + HashOf(own) : "")}\n"));
    }

    private static string HashOf(string group) => ContentHash.Of(Encoding.UTF8.GetBytes(group));

    private static string Finish(IncrementalHash hash) => Convert.ToHexStringLower(hash.GetHashAndReset())[..Length];
}
