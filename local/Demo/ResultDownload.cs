using Azure.Storage.Blobs;
using CtSeg.Contracts;

namespace CtSeg.Local.Demo;

/// <summary>Puts the result of a scan into a folder, as <c>predict</c> does.</summary>
internal sealed class ResultDownload(BlobServiceClient storage, string output)
{
    private readonly BlobContainerClient _results = storage.GetBlobContainerClient(Containers.Results);

    /// <param name="name">Folder below the output folder.</param>
    public async Task SaveAsync(string name, ScanId scan, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(output, name.Replace('/', Path.DirectorySeparatorChar));
        Directory.CreateDirectory(folder);
        foreach (var blob in new[] { BlobPaths.Mask(scan), BlobPaths.Overlay(scan), BlobPaths.Metrics(scan) })
            await _results.GetBlobClient(blob).DownloadToAsync(Path.Combine(folder, Path.GetFileName(blob)), cancellationToken);
    }
}
