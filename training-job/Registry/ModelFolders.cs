namespace CtSeg.TrainingJob.Registry;

/// <summary>The model folders that an option names.</summary>
internal static class ModelFolders
{
    public const string Description =
        "Model folder; the shipped weights if not given. The folds of a cross-validation with --held-out: name them, or the folder that holds them.";

    /// <returns>Every folder itself, or in its place the folds in it, by their numbers. The shipped weights where none are given.</returns>
    public static IReadOnlyList<string> Of(string[]? given) => given is { Length: > 0 }
        ? [.. given.SelectMany(Expand)]
        : [ShippedModel.Folder(ShippedModel.Root)];

    private static IEnumerable<string> Expand(string folder)
    {
        if (!Directory.Exists(folder) || File.Exists(Path.Combine(folder, ModelFolder.ManifestName)))
            return [folder];
        var folds = Directory.GetDirectories(folder, "fold*").Where(fold => File.Exists(Path.Combine(fold, ModelFolder.ManifestName))).ToList();
        return folds.Count == 0 ? [folder] : folds.OrderBy(fold => fold.Length).ThenBy(fold => fold, StringComparer.Ordinal);
    }
}
