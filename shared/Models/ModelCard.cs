namespace CtSeg.Models;

/// <summary>What whoever uses a model must know of it, in the words of whoever trained it.</summary>
/// <param name="Data">What it learnt from.</param>
/// <param name="DataLicence">Terms of these data.</param>
/// <param name="IntendedUse">For whom and for what it was made, and with what input.</param>
/// <param name="NotIntendedFor">What it must not be used for, and what nobody measured.</param>
/// <param name="Documentation">Where more is written: a link, or a path from the root of the repository.</param>
public sealed record ModelCard(string Data, string DataLicence, string IntendedUse, string NotIntendedFor, string Documentation)
{
    /// <exception cref="InvalidDataException">A text is empty or would not be shown as it is, or the documentation is no place; the message says which.</exception>
    public void Validate()
    {
        foreach (var (name, text) in new[]
        {
            ("data", Data), ("dataLicence", DataLicence), ("intendedUse", IntendedUse), ("notIntendedFor", NotIntendedFor), ("documentation", Documentation),
        })
        {
            Require(!string.IsNullOrWhiteSpace(text), $"'{name}' is empty");
            Require(!text.Any(char.IsControl), $"'{name}' holds a line break or another control character");
        }
        var isPlace = Uri.TryCreate(Documentation, UriKind.Absolute, out var link)
            ? link.Scheme == Uri.UriSchemeHttps || link.Scheme == Uri.UriSchemeHttp
            : !Documentation.StartsWith('/');
        Require(isPlace, $"'documentation' is '{Documentation}', neither a link that begins with https:// or http:// nor a relative path");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidDataException($"The model card cannot be used: {otherwise}.");
    }
}
