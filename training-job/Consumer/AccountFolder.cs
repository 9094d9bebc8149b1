using System.Security.Cryptography;
using System.Text;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>
/// What a job remembers of one storage account: the last model that served, and what was told. A model that served the slices of one account is no
/// model of another's.
/// </summary>
internal static class AccountFolder
{
    private const int NameLength = 16;

    /// <param name="cacheFolder">Keeps the files of models, which are the same wherever they come from.</param>
    /// <param name="account">Address of the account; what follows the path, as a signature that is renewed, does not count.</param>
    /// <remarks>
    /// An emulator is another account at each port, and at the port of an earlier one it would be taken for that: whoever runs one gives its jobs a
    /// folder that lives as long as its storage (<c>consume --state</c>).
    /// </remarks>
    public static string Of(string cacheFolder, Uri account)
    {
        var address = account.GetLeftPart(UriPartial.Path).TrimEnd('/');
        return Path.Combine(cacheFolder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address)))[..NameLength]);
    }
}
