namespace CtSeg.Contracts;

/// <summary>Where the blobs of a scan lie, inside their containers.</summary>
public static class BlobPaths
{
    public const string CurrentModel = "current.json";

    /// <summary>In <see cref="Containers.Preprocessed"/>.</summary>
    public static string PreprocessedImage(ScanId scan) => $"{scan}/image.png";
    /// <summary>In <see cref="Containers.Preprocessed"/>.</summary>
    public static string Manifest(ScanId scan) => $"{scan}/manifest.json";
    /// <summary>In <see cref="Containers.Results"/>.</summary>
    public static string Mask(ScanId scan) => $"{scan}/mask.png";
    /// <summary>In <see cref="Containers.Results"/>.</summary>
    public static string Overlay(ScanId scan) => $"{scan}/overlay.png";
    /// <summary>In <see cref="Containers.Results"/>; written last, it marks the result as whole.</summary>
    public static string Metrics(ScanId scan) => $"{scan}/metrics.json";
    /// <summary>In <see cref="Containers.Status"/>.</summary>
    public static string Status(ScanId scan) => $"{scan}.json";
    /// <summary>In <see cref="Containers.Models"/>.</summary>
    public static string ModelCard(string version) => $"{version}/model.json";
    /// <summary>In <see cref="Containers.Models"/>.</summary>
    public static string ModelWeights(string version) => $"{version}/weights.safetensors";
    /// <summary>In <see cref="Containers.Audit"/>.</summary>
    public static string DeadLetter(string messageId) => $"dead-letters/{messageId}.json";
}
