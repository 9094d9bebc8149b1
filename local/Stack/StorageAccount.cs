using Azure.Storage.Blobs;
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

    /// <summary>Creates the containers, as infrastructure does in Azure.</summary>
    public async Task CreateContainersAsync(CancellationToken cancellationToken)
    {
        var blobs = OpenBlobs();
        foreach (var container in Containers.All)
            await blobs.GetBlobContainerClient(container).CreateIfNotExistsAsync(cancellationToken: cancellationToken);
    }
}
