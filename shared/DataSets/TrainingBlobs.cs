using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Scans;

namespace CtSeg.DataSets;

/// <summary>Conditional reads and writes in the container of the training data.</summary>
internal sealed class TrainingBlobs(BlobContainerClient container)
{
    /// <value>
    /// Metadata of content that is about to be removed. A removal writes it, looks whether a document names the content, and then deletes only what has
    /// the ETag of that write; who wrote such a document writes marked content again (<see cref="KeepAsync"/>). So neither needs the other to live on.
    /// </value>
    public const string RemovalMark = "removal";

    /// <returns>How messages name a blob.</returns>
    public static string PathOf(string name) => $"{Containers.TrainingData}/{name}";

    /// <summary>Stores what its name says by a hash. What lies there with other content was damaged and is replaced.</summary>
    public async Task EnsureAsync(string name, BinaryData content, string contentType, CancellationToken cancellationToken)
    {
        if (await TryWriteAsync(name, content, replaces: null, cancellationToken, contentType))
            return;
        if (await FindAsync(name, cancellationToken) is not { } there)
            await TryWriteAsync(name, content, replaces: null, cancellationToken, contentType);
        else if (!there.Content.ToMemory().Span.SequenceEqual(content.ToMemory().Span))
            await TryWriteAsync(name, content, there.ETag, cancellationToken, contentType);
    }

    /// <summary>After the document that names it was written: stores what was removed since, or is about to be, once more.</summary>
    public async Task KeepAsync(string name, BinaryData content, string contentType, CancellationToken cancellationToken)
    {
        // Under any condition: what lies there has the same content, and its ETag must change.
        if (!await IsKeptAsync(name, cancellationToken))
            await container.GetBlobClient(name).UploadAsync(
                content, new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentType = contentType } }, cancellationToken);
    }

    private async Task<bool> IsKeptAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return !(await container.GetBlobClient(name).GetPropertiesAsync(cancellationToken: cancellationToken)).Value.Metadata.ContainsKey(RemovalMark);
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
        {
            return false;
        }
    }

    /// <summary>Stores a document whose name follows from its content; one that is there and not whole is replaced.</summary>
    /// <returns>The document that was there first.</returns>
    public async Task<T> EnsureAsync<T>(string name, T document, JsonTypeInfo<T> type, Func<T, bool> isWhole, CancellationToken cancellationToken)
        where T : class
    {
        var json = new BinaryData(JsonSerializer.SerializeToUtf8Bytes(document, type));
        if (await TryWriteAsync(name, json, replaces: null, cancellationToken))
            return document;
        if (await FindAsync(name, cancellationToken) is { } there)
        {
            if (TryParse(there.Content, type) is { } stored && isWhole(stored))
                return stored;
            await TryWriteAsync(name, json, there.ETag, cancellationToken);
        }
        return document;
    }

    /// <exception cref="DamagedDataException">What is there cannot be read.</exception>
    public async Task<T> FindOrCreateAsync<T>(string name, Func<T> create, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        if (await FindAsync(name, type, cancellationToken) is { } there)
            return there;
        var made = create();
        return await TryWriteAsync(name, new BinaryData(JsonSerializer.SerializeToUtf8Bytes(made, type)), replaces: null, cancellationToken)
            ? made
            // Another was first, or it is our own write whose answer was lost.
            : await FindAsync(name, type, cancellationToken) ?? throw new DamagedDataException($"{PathOf(name)} was removed while it was being made.");
    }

    /// <returns>Null where there is none.</returns>
    /// <exception cref="DamagedDataException">What is there cannot be read.</exception>
    public async Task<T?> FindAsync<T>(string name, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        if (await FindAsync(name, cancellationToken) is not { } there)
            return null;
        return TryParse(there.Content, type) ?? throw new DamagedDataException($"{PathOf(name)} cannot be read.");
    }

    public Task<(BinaryData Content, ETag ETag)?> FindAsync(string name, CancellationToken cancellationToken) =>
        ConditionalBlob.FindAsync(container.GetBlobClient(name), cancellationToken);

    /// <exception cref="DamagedDataException">It is missing or has another hash.</exception>
    public async Task<BinaryData> ReadAsync(Func<string, string> nameOf, string sha256, CancellationToken cancellationToken)
    {
        if (!ContentHash.IsPlausible(sha256))
            throw new DamagedDataException("A document names a hash that is not 64 hexadecimal characters.");
        var name = nameOf(sha256);
        var found = await FindAsync(name, cancellationToken) ?? throw new DamagedDataException($"{PathOf(name)} is missing: import its slice again.");
        if (ContentHash.Of(found.Content.ToMemory().Span) != sha256)
            throw new DamagedDataException($"{PathOf(name)} has another hash than its name says: it was damaged or swapped; import its slice again.");
        return found.Content;
    }

    /// <param name="replaces">ETag of what is replaced; null where nothing may be there.</param>
    /// <returns>False when another writer was first.</returns>
    public async Task<bool> TryWriteAsync(
        string name, BinaryData content, ETag? replaces, CancellationToken cancellationToken, string contentType = ConditionalBlob.Json) =>
        await ConditionalBlob.TryWriteAsync(container.GetBlobClient(name), content, replaces, cancellationToken, contentType) is not null;

    /// <returns>Names page by page, in ordinal order.</returns>
    public async IAsyncEnumerable<IReadOnlyList<string>> NamesAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in container.GetBlobsAsync(new GetBlobsOptions { Prefix = prefix }, cancellationToken).AsPages())
            yield return [.. page.Values.Select(blob => blob.Name)];
    }

    /// <returns>Null for what is no such document.</returns>
    public static T? TryParse<T>(BinaryData content, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(content.ToMemory().Span, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
