using System.Net;
using System.Text;
using System.Web;
using System.Xml.Linq;
using Azure.Core.Pipeline;
using Azure.Storage;
using Azure.Storage.Blobs;
using CtSeg.Testing;

namespace CtSeg.TrainingJob.Tests.Consumer.Fakes;

/// <summary>Blobs in memory, spoken to over the storage protocol: conditional writes, ETags, metadata, lists.</summary>
internal sealed class FakeBlobStorage
{
    private readonly Dictionary<string, Blob> _blobs = [];
    private int _nextETag;

    /// <value>Successful writes of each blob, by <c>container/name</c>, in order of time.</value>
    public List<(string Name, byte[] Content)> Writes { get; } = [];

    public byte[]? Find(string name)
    {
        lock (_blobs)
            return _blobs.GetValueOrDefault(name)?.Content;
    }

    public void Remove(string name)
    {
        lock (_blobs)
            _blobs.Remove(name);
    }

    public int WritesOf(string name)
    {
        lock (_blobs)
            return Writes.Count(write => write.Name == name);
    }

    public void ForgetWrites()
    {
        lock (_blobs)
            Writes.Clear();
    }

    /// <summary>A client whose every request is a step of <paramref name="effects"/>.</summary>
    /// <param name="roles">Of the program that it is; none for who may do all.</param>
    public BlobServiceClient Connect(Effects? effects = null, RoleGuard? roles = null) => ConnectAs("account", effects, roles);

    /// <param name="account">Its name is part of the address and decides about nothing here.</param>
    public BlobServiceClient ConnectAs(string account, Effects? effects = null, RoleGuard? roles = null)
    {
        var options = new BlobClientOptions { Transport = new HttpClientTransport(new HttpClient(new Handler(this, effects ?? new Effects()))) };
        options.Retry.MaxRetries = 0;
        roles?.Guard(options);
        return new BlobServiceClient(
            new Uri($"http://127.0.0.1:1/{account}"), new StorageSharedKeyCredential(account, Convert.ToBase64String(new byte[32])), options);
    }

    private HttpResponseMessage Answer(HttpMethod method, string name, HttpRequestMessage request, byte[] content)
    {
        lock (_blobs)
        {
            var query = HttpUtility.ParseQueryString(request.RequestUri!.Query);
            if (query["comp"] == "list")
                return List($"{name}/", query["prefix"], query["delimiter"]);
            var found = _blobs.GetValueOrDefault(name);
            if (method == HttpMethod.Put)
                return Put(name, found, request, content);
            if (found is null)
                return Error(HttpStatusCode.NotFound, "BlobNotFound");
            if (method == HttpMethod.Delete)
            {
                if (request.Headers.TryGetValues("If-Match", out var match) && match.Single() != found.ETag)
                    return Error(HttpStatusCode.PreconditionFailed, "ConditionNotMet");
                _blobs.Remove(name);
                return new HttpResponseMessage(HttpStatusCode.Accepted) { Content = new ByteArrayContent([]) };
            }
            if (request.Headers.TryGetValues("If-None-Match", out var known) && known.Single() == found.ETag)
                return Error(HttpStatusCode.NotModified, "ConditionNotMet");
            var isRead = method == HttpMethod.Get;
            var isRange = isRead && request.Headers.Contains("x-ms-range");
            var response = new HttpResponseMessage(isRange ? HttpStatusCode.PartialContent : HttpStatusCode.OK)
            {
                Content = new ByteArrayContent(isRead ? found.Content : []),
            };
            if (isRange)
                response.Content.Headers.TryAddWithoutValidation("Content-Range", $"bytes 0-{found.Content.Length - 1}/{found.Content.Length}");
            if (!isRead)
                response.Content.Headers.ContentLength = found.Content.Length;
            Describe(response, found);
            return response;
        }
    }

    private HttpResponseMessage Put(string name, Blob? found, HttpRequestMessage request, byte[] content)
    {
        if (request.Headers.TryGetValues("If-None-Match", out var none) && none.Single() == "*" && found is not null)
            return Error(HttpStatusCode.Conflict, "BlobAlreadyExists");
        if (request.Headers.TryGetValues("If-Match", out var match) && match.Single() != found?.ETag)
            return Error(HttpStatusCode.PreconditionFailed, "ConditionNotMet");
        var metadata = request.Headers.Where(header => header.Key.StartsWith("x-ms-meta-", StringComparison.Ordinal))
            .ToDictionary(header => header.Key, header => header.Value.Single());
        var blob = new Blob(content, $"\"0x{++_nextETag:X}\"", metadata);
        _blobs[name] = blob;
        Writes.Add((name, content));
        var response = new HttpResponseMessage(HttpStatusCode.Created) { Content = new ByteArrayContent([]) };
        Describe(response, blob);
        return response;
    }

    private HttpResponseMessage List(string container, string? prefix, string? delimiter)
    {
        var start = container + prefix;
        var below = _blobs.Where(blob => blob.Key.StartsWith(start, StringComparison.Ordinal)).ToLookup(
            blob => delimiter is not null && blob.Key.IndexOf(delimiter, start.Length, StringComparison.Ordinal) is var at and >= 0 ? blob.Key[..(at + delimiter.Length)] : "");
        var folders = below.Where(folder => folder.Key.Length > 0).Select(folder => new XElement("BlobPrefix", new XElement("Name", folder.Key[container.Length..])));
        var found = below[""].OrderBy(blob => blob.Key, StringComparer.Ordinal).Select(blob => new XElement(
            "Blob", new XElement("Name", blob.Key[container.Length..]),
            new XElement("Properties", new XElement("BlobType", "BlockBlob"), new XElement("Etag", blob.Value.ETag)),
            new XElement("Metadata", blob.Value.Metadata.Select(pair => new XElement(pair.Key["x-ms-meta-".Length..], pair.Value)))));
        return new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StringContent(new XElement("EnumerationResults", new XElement("Blobs", found, folders), new XElement("NextMarker")).ToString(), Encoding.UTF8, "application/xml"),
        };
    }

    private static void Describe(HttpResponseMessage response, Blob blob)
    {
        response.Headers.TryAddWithoutValidation("ETag", blob.ETag);
        response.Headers.TryAddWithoutValidation("x-ms-blob-type", "BlockBlob");
        response.Content.Headers.TryAddWithoutValidation("Last-Modified", "Mon, 23 Nov 2026 12:00:00 GMT");
        foreach (var (key, value) in blob.Metadata)
            response.Headers.TryAddWithoutValidation(key, value);
    }

    private static HttpResponseMessage Error(HttpStatusCode status, string code)
    {
        var response = new HttpResponseMessage(status) { Content = new ByteArrayContent([]) };
        response.Headers.Add("x-ms-error-code", code);
        return response;
    }

    private sealed record Blob(byte[] Content, string ETag, IReadOnlyDictionary<string, string> Metadata);

    private sealed class Handler(FakeBlobStorage storage, Effects effects) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var name = Uri.UnescapeDataString(request.RequestUri!.AbsolutePath).Split('/', 3)[2];
            var content = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
            return await effects.StepAsync(
                $"{request.Method} {name}", () => storage.Answer(request.Method, name, request, content), cancellationToken);
        }
    }
}
