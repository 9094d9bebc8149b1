using CtSeg.Models;

namespace CtSeg.TrainingJob.Registry;

/// <summary>Names of models: each becomes a folder in storage, so the manifest's schema allows few characters.</summary>
internal static class ModelVersion
{
    /// <param name="folder">Where the model is written; it lends its name.</param>
    /// <param name="given">Null for the folder's name.</param>
    /// <exception cref="InvalidDataException">No model may have that name.</exception>
    public static string Of(string folder, string? given)
    {
        var version = given ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        return ModelVersions.IsAllowed(version)
            ? version
            : throw new InvalidDataException(
                $"A model cannot be named '{version}': give it, or its folder, a name of at most 100 letters, digits, '.', '_' and '-' that does not begin with '.'.");
    }
}
