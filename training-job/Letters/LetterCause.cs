using System.Text;
using System.Text.RegularExpressions;

namespace CtSeg.TrainingJob.Letters;

/// <summary>Makes one text of one cause: <c>MaxDeliveryCountExceeded</c> becomes <c>max-delivery-count-exceeded</c>.</summary>
internal static partial class LetterCause
{
    public const string Unknown = "unknown";
    private const int MaxLength = 60;

    /// <param name="reason">As a service or a program wrote it.</param>
    /// <returns>Lower-case words joined by hyphens, without ids and numbers.</returns>
    public static string Of(string? reason)
    {
        var words = WordPattern().Matches(IdPattern().Replace(reason ?? "", " ")).Select(word => word.Value.ToLowerInvariant())
            .Where(word => word != "exception");
        var cause = new StringBuilder();
        foreach (var word in words)
        {
            if (cause.Length + word.Length > MaxLength)
                break;
            cause.Append(cause.Length > 0 ? "-" : "").Append(word);
        }
        return cause.Length > 0 ? cause.ToString() : Unknown;
    }

    // GUIDs, long hexadecimal numbers (scans, hashes), and all other numbers.
    [GeneratedRegex("[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{8,}|[0-9]+", RegexOptions.None, 1000)]
    private static partial Regex IdPattern();

    // Words of text, and those that capitals part: TTLExpired is two.
    [GeneratedRegex("[A-Z]+(?![a-z])|[A-Z]?[a-z]+", RegexOptions.None, 1000)]
    private static partial Regex WordPattern();
}
