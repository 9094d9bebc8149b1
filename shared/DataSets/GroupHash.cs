using System.Security.Cryptography;
using System.Text;

namespace CtSeg.DataSets;

/// <summary><c>training-data/salt.json</c>: random, written once, so that nobody without it can try names of groups.</summary>
/// <param name="Salt">64 hexadecimal characters.</param>
public sealed record GroupSalt(string Salt)
{
    public int SchemaVersion { get; init; } = 1;
}

/// <summary>Names groups outside the training data, by a hash with the data's own salt in front. From <see cref="DataSetStore.GroupHashAsync"/>.</summary>
public sealed class GroupHash
{
    private readonly byte[] _salt;

    /// <exception cref="FormatException">The salt is not 64 hexadecimal characters.</exception>
    public GroupHash(GroupSalt salt)
    {
        ArgumentNullException.ThrowIfNull(salt);
        if (!ContentHash.IsPlausible(salt.Salt))
            throw new FormatException("The salt of groups is not 64 hexadecimal characters.");
        _salt = Convert.FromHexString(salt.Salt);
    }

    /// <returns>SHA-256 of salt and name, lower-case hexadecimal.</returns>
    public string Of(string group)
    {
        ArgumentException.ThrowIfNullOrEmpty(group);
        return Convert.ToHexStringLower(SHA256.HashData([.. _salt, .. Encoding.UTF8.GetBytes(group)]));
    }
}
