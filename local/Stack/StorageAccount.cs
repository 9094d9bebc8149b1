using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using CtSeg.Contracts;

namespace CtSeg.Local.Stack;

/// <summary>The storage account that Azurite serves.</summary>
/// <param name="BlobPort">On 127.0.0.1.</param>
/// <param name="QueuePort">On 127.0.0.1.</param>
internal sealed record StorageAccount(int BlobPort, int QueuePort)
{
    // Azurite's documented account, the same in every installation; it opens nothing but an emulator.
    private const string Account = "devstoreaccount1";
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    public string ConnectionString =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};BlobEndpoint={BlobEndpoint};QueueEndpoint=http://127.0.0.1:{QueuePort}/{Account};";

    public string BlobEndpoint => $"http://127.0.0.1:{BlobPort}/{Account}";

    public BlobServiceClient OpenBlobs() => new(ConnectionString);

    public QueueServiceClient OpenQueues() => new(ConnectionString);

    /// <summary>Creates the containers, as infrastructure does in Azure.</summary>
    public async Task CreateContainersAsync(CancellationToken cancellationToken)
    {
        var blobs = OpenBlobs();
        foreach (var container in Containers.All)
            await blobs.GetBlobContainerClient(container).CreateIfNotExistsAsync(cancellationToken: cancellationToken);
    }

    /// <summary>
    /// Puts every model of a folder of models into the container, and at last the document that names the one in use. What is there already stays:
    /// another model may have been promoted since.
    /// </summary>
    /// <param name="weights">Folder with one folder a version and <c>current.json</c>; may be absent.</param>
    public Task SeedModelsAsync(string weights, CancellationToken cancellationToken) =>
        SeedModelsAsync(OpenBlobs().GetBlobContainerClient(Containers.Models), weights, cancellationToken);

    internal static async Task SeedModelsAsync(BlobContainerClient models, string weights, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(weights))
            return;
        var files = Directory.GetFiles(weights, "*", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetRelativePath(weights, file).Replace(Path.DirectorySeparatorChar, '/'));
        // The alias only when what it names is there, and a model's manifest only when its weights are.
        foreach (var (name, file) in files.OrderBy(file => RankOf(file.Key)).ThenBy(file => file.Key, StringComparer.Ordinal))
            await TryCreateAsync(models.GetBlobClient(name), file, cancellationToken);
    }

    private static int RankOf(string name) => name == BlobPaths.CurrentModel ? 2 : name.EndsWith("/model.json", StringComparison.Ordinal) ? 1 : 0;

    private static async Task TryCreateAsync(BlobClient blob, string file, CancellationToken cancellationToken)
    {
        try
        {
            var options = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
            await blob.UploadAsync(file, options, cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.BlobAlreadyExists || e.ErrorCode == BlobErrorCode.ConditionNotMet)
        {
            // From an earlier start.
        }
    }
}
