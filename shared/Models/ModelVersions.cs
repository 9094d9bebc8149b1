using System.Security.Cryptography;

namespace CtSeg.Models;

/// <summary>Names and hashes of models that came from storage or a command line: a version becomes a part of a path, so its form is checked first.</summary>
public static class ModelVersions
{
    private const int MaxLength = 100;

    /// <returns>Whether a model may have that name: at most 100 letters, digits, '.', '_' and '-', and no '.' first.</returns>
    public static bool IsAllowed(string? version) =>
        version is { Length: > 0 and <= MaxLength } && version[0] != '.' && version.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    /// <returns>Whether it has the form of a SHA-256, lower-case hexadecimal.</returns>
    public static bool IsHash(string? sha256) => sha256 is { Length: 2 * SHA256.HashSizeInBytes } && sha256.All(char.IsAsciiHexDigitLower);

    public static bool IsPlausible(ServedModel? model) =>
        model is not null && IsAllowed(model.Version) && IsHash(model.WeightsSha256) && (model.ManifestSha256 is null || IsHash(model.ManifestSha256));
}
