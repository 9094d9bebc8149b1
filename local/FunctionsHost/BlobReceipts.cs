using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace CtSeg.Local.FunctionsHost;

/// <summary>
/// Remembers in storage which versions (path and ETag) of which blobs a function has finished with.
/// One empty blob is written per finished version, after the fact, so that a crash in the middle processes again;
/// all are read by one listing at the start, so that no slice costs a look-up.
/// </summary>
internal sealed class BlobReceipts(BlobContainerClient container, string prefix)
{
    private HashSet<string> _loaded = [];

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        HashSet<string> loaded = [];
        await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        await foreach (BlobItem receipt in container.GetBlobsAsync(new GetBlobsOptions { Prefix = prefix + "/" }, cancellationToken))
            loaded.Add(receipt.Name);
        _loaded = loaded;
    }

    public bool Contains(string blob, ETag etag) => _loaded.Count > 0 && _loaded.Contains(Name(blob, etag));

    public Task WriteAsync(string blob, ETag etag, CancellationToken cancellationToken) =>
        container.GetBlobClient(Name(blob, etag)).UploadAsync(BinaryData.Empty, overwrite: true, cancellationToken);

    private string Name(string blob, ETag etag) =>
        $"{prefix}/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{blob}\n{etag}")))}";
}
