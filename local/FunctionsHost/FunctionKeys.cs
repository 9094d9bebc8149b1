using System.Security.Cryptography;
using System.Text;

namespace CtSeg.Local.FunctionsHost;

/// <summary>Checks the key of a request to a function whose authLevel is not anonymous.</summary>
internal static class FunctionKeys
{
    public static bool IsAllowed(HttpRequest request, string authLevel, string? key)
    {
        if (authLevel.Equals("anonymous", StringComparison.OrdinalIgnoreCase))
            return true;
        string? given = request.Headers["x-functions-key"].FirstOrDefault() ?? request.Query["code"].FirstOrDefault();
        if (string.IsNullOrEmpty(key) || given is null)
            return false;

        // Hashes have one length and are compared in fixed time.
        return CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given)), SHA256.HashData(Encoding.UTF8.GetBytes(key)));
    }
}
