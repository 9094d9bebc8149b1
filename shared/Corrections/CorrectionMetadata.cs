namespace CtSeg.Corrections;

/// <summary>Blob metadata of uploads that are understood. Storage allows letters, digits and underscores in such names, in any case.</summary>
public static class CorrectionMetadata
{
    /// <summary>Of a corrected mask: <c>true</c> where a mask without any lesion is meant.</summary>
    public const string ConfirmNoLesion = "confirm_no_lesion";

    /// <summary>Of a corrected mask: who corrected it.</summary>
    public const string CorrectedBy = "corrected_by";

    /// <summary>Of a slice: what patient or examination it belongs to.</summary>
    public const string Group = "group";

    /// <returns>Null where it is not set or blank.</returns>
    internal static string? Find(IDictionary<string, string>? metadata, string name)
    {
        foreach (var (key, value) in metadata ?? new Dictionary<string, string>())
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase) && !string.IsNullOrWhiteSpace(value))
                return value.Trim();
        return null;
    }
}
