using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using CtSeg.Configuration;
using CtSeg.Contracts;
using CtSeg.Local.Identity;

namespace CtSeg.Local.Stack;

/// <summary>The storage account that Azurite serves.</summary>
/// <param name="BlobPort">On 127.0.0.1.</param>
/// <param name="QueuePort">On 127.0.0.1.</param>
internal sealed record StorageAccount(int BlobPort, int QueuePort)
{
    // Azurite's documented account, the same in every installation; it opens nothing but an emulator.
    private const string Account = "devstoreaccount1";
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    /// <value>Who is let in without a key, over HTTPS; null: whoever has the key, over HTTP.</value>
    public LocalIdentity? Identity { get; init; }

    /// <value>Null where nobody needs a key.</value>
    public string? ConnectionString => Identity is null
        ? $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};BlobEndpoint={BlobEndpoint};QueueEndpoint={QueueEndpoint};"
        : null;

    public string BlobEndpoint => $"{Scheme}://127.0.0.1:{BlobPort}/{Account}";

    public string QueueEndpoint => $"{Scheme}://127.0.0.1:{QueuePort}/{Account}";

    private string Scheme => Identity is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;

    public BlobServiceClient OpenBlobs() => Identity is null
        ? new BlobServiceClient(ConnectionString)
        : new BlobServiceClient(new Uri(BlobEndpoint), Identity.Credential, new BlobClientOptions { Transport = Identity.CreateTransport() });

    /// <summary>An address that a slice can be uploaded to without any program of Azure.</summary>
    /// <exception cref="InvalidOperationException">There is no key to sign with.</exception>
    public Uri SignUpload(string blobName, DateTimeOffset until) =>
        OpenBlobs().GetBlobContainerClient(Containers.Slices).GetBlobClient(blobName).GenerateSasUri(BlobSasPermissions.Create | BlobSasPermissions.Write, until);

    /// <summary>How a program reaches it under the name of a connection.</summary>
    public IReadOnlyDictionary<string, string> SettingsOf(string connection) => ConnectionString is { } text
        ? new Dictionary<string, string> { [connection] = text }
        : new Dictionary<string, string>
        {
            [ConnectionSettings.BlobEndpoint(connection)] = BlobEndpoint,
            [ConnectionSettings.QueueEndpoint(connection)] = QueueEndpoint,
            [ConnectionSettings.Credential(connection)] = ConnectionIdentity.ManagedIdentity,
            [ConnectionSettings.ClientId(connection)] = Identity!.ClientId,
        };

    /// <summary>Creates the containers, as infrastructure does in Azure.</summary>
    public async Task CreateContainersAsync(CancellationToken cancellationToken)
    {
        var blobs = OpenBlobs();
        foreach (var container in Containers.All)
            await blobs.GetBlobContainerClient(container).CreateIfNotExistsAsync(cancellationToken: cancellationToken);
    }
}
