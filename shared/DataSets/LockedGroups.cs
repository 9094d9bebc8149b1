using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CtSeg.DataSets;

/// <summary>Deals groups to the locked set. A group's side follows from its name alone, whatever other groups there are.</summary>
public static class LockedGroups
{
    public static bool IsLocked(string group, EvaluationRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return Draw(group, rule.Seed) < rule.Share;
    }

    /// <returns>A number in [0, 1): the first 53 bits of SHA-256 over the seed in decimal, a zero byte and the group in UTF-8.</returns>
    internal static double Draw(string group, int seed)
    {
        ArgumentException.ThrowIfNullOrEmpty(group);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seed}\0{group}")));
        return (BinaryPrimitives.ReadUInt64BigEndian(hash) >> 11) * (1.0 / (1UL << 53));
    }
}
