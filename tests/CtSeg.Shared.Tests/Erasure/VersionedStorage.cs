using System.Globalization;
using System.Net;
using System.Security;
using System.Text;
using System.Web;
using Azure.Core.Pipeline;
using Azure.Storage;
using Azure.Storage.Blobs;

namespace CtSeg.Shared.Tests.Erasure;

/// <summary>
/// A storage account with versioning, as its documentation describes it, spoken to over the storage protocol: a write makes a new version, deleting a
/// blob leaves its versions, the current version cannot be deleted by its id. The emulator has no versions.
/// </summary>
internal sealed class VersionedStorage
{
    private readonly List<Version> _versions = [];
    private int _next;

    /// <value>Whether the role of the caller allows it; Storage Blob Data Contributor does not.</value>
    public bool MayDeleteVersions { get; init; } = true;

    /// <value>All that can still be read, as container/name@version.</value>
    public IReadOnlyList<string> Left => [.. _versions.Select(version => $"{version.Path}@{version.Id}")];

    public BlobServiceClient Connect()
    {
        var options = new BlobClientOptions { Transport = new HttpClientTransport(new HttpClient(new Handler(this))) };
        options.Retry.MaxRetries = 0;
        return new BlobServiceClient(new Uri("http://127.0.0.1:1/account"), new StorageSharedKeyCredential("account", Convert.ToBase64String(new byte[32])), options);
    }

    private HttpResponseMessage Answer(HttpRequestMessage request, byte[] content)
    {
        var path = Uri.UnescapeDataString(request.RequestUri!.AbsolutePath)["/account/".Length..];
        var query = HttpUtility.ParseQueryString(request.RequestUri.Query);
        if (query["comp"] == "list")
            return List(path, query["prefix"] ?? "", query["delimiter"], query["include"] ?? "");
        var found = _versions.Find(version => version.Path == path && (query["versionid"] is { } id ? version.Id == id : version.IsCurrent));
        if (request.Method == HttpMethod.Put && query["comp"] == "metadata")
            return found is null ? Error(HttpStatusCode.NotFound, "BlobNotFound") : Put(path, found, request, found.Content, HttpStatusCode.OK);
        if (request.Method == HttpMethod.Put)
            return Put(path, found, request, content, HttpStatusCode.Created);
        if (found is null)
            return Error(HttpStatusCode.NotFound, "BlobNotFound");
        if (request.Method == HttpMethod.Delete && request.Headers.TryGetValues("If-Match", out var match) && match.Single() != found.ETag)
            return Error(HttpStatusCode.PreconditionFailed, "ConditionNotMet");
        if (request.Method == HttpMethod.Delete && !MayDeleteVersions && query["versionid"] is not null)
            return Error(HttpStatusCode.Forbidden, "AuthorizationPermissionMismatch");
        if (request.Method == HttpMethod.Delete)
            return Delete(found, byId: query["versionid"] is not null);
        var isRead = request.Method == HttpMethod.Get;
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(isRead ? found.Content : []) };
        if (!isRead)
            response.Content.Headers.ContentLength = found.Content.Length;
        foreach (var (name, value) in found.Metadata)
            response.Headers.TryAddWithoutValidation($"x-ms-meta-{name}", value);
        return Describe(response, found);
    }

    private HttpResponseMessage Put(string path, Version? found, HttpRequestMessage request, byte[] content, HttpStatusCode status)
    {
        if (request.Headers.TryGetValues("If-None-Match", out _) && found is not null)
            return Error(HttpStatusCode.Conflict, "BlobAlreadyExists");
        if (request.Headers.TryGetValues("If-Match", out var match) && match.Single() != found?.ETag)
            return Error(HttpStatusCode.PreconditionFailed, "ConditionNotMet");
        var metadata = request.Headers.Where(header => header.Key.StartsWith("x-ms-meta-", StringComparison.OrdinalIgnoreCase))
            .ToDictionary(header => header.Key["x-ms-meta-".Length..], header => header.Value.Single());
        if (found is not null)
            found.IsCurrent = false;
        var written = new Version(path, string.Create(CultureInfo.InvariantCulture, $"2026-11-23T15:12:05.{++_next:0000000}Z"), content, metadata) { IsCurrent = true };
        _versions.Add(written);
        return Describe(new HttpResponseMessage(status) { Content = new ByteArrayContent([]) }, written);
    }

    private HttpResponseMessage Delete(Version version, bool byId)
    {
        if (byId && version.IsCurrent)
            return Error(HttpStatusCode.Conflict, "OperationNotAllowedOnRootBlob");
        if (byId)
            _versions.Remove(version);
        else
            version.IsCurrent = false;
        return new HttpResponseMessage(HttpStatusCode.Accepted) { Content = new ByteArrayContent([]) };
    }

    private HttpResponseMessage List(string container, string prefix, string? delimiter, string include)
    {
        var (withVersions, blobs, prefixes) = (include.Contains("versions", StringComparison.OrdinalIgnoreCase), new StringBuilder(), new SortedSet<string>(StringComparer.Ordinal));
        foreach (var version in _versions.Where(v => v.Path.StartsWith($"{container}/{prefix}", StringComparison.Ordinal) && (withVersions || v.IsCurrent)).OrderBy(v => v.Path, StringComparer.Ordinal))
        {
            var name = version.Path[(container.Length + 1)..];
            if (delimiter is not null && name.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal) is var end and >= 0)
            {
                prefixes.Add(name[..(end + 1)]);
                continue;
            }
            var ids = withVersions ? $"<VersionId>{version.Id}</VersionId>{(version.IsCurrent ? "<IsCurrentVersion>true</IsCurrentVersion>" : "")}" : "";
            var metadata = string.Concat(version.Metadata.Select(entry => $"<{entry.Key}>{SecurityElement.Escape(entry.Value)}</{entry.Key}>"));
            blobs.Append(CultureInfo.InvariantCulture, $"<Blob><Name>{SecurityElement.Escape(name)}</Name>{ids}<Properties><Last-Modified>Mon, 23 Nov 2026 15:12:05 GMT</Last-Modified><Etag>{version.ETag}</Etag><Content-Length>{version.Content.Length}</Content-Length><BlobType>BlockBlob</BlobType></Properties><Metadata>{metadata}</Metadata></Blob>");
        }
        foreach (var folder in prefixes)
            blobs.Append(CultureInfo.InvariantCulture, $"<BlobPrefix><Name>{folder}</Name></BlobPrefix>");
        var xml = $"<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"http://127.0.0.1:1/account\" ContainerName=\"{container}\"><Blobs>{blobs}</Blobs><NextMarker /></EnumerationResults>";
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(xml, Encoding.UTF8, "application/xml") };
    }

    private static HttpResponseMessage Describe(HttpResponseMessage response, Version version)
    {
        response.Headers.TryAddWithoutValidation("ETag", version.ETag);
        response.Headers.TryAddWithoutValidation("x-ms-version-id", version.Id);
        response.Headers.TryAddWithoutValidation("x-ms-blob-type", "BlockBlob");
        response.Content.Headers.LastModified = new DateTimeOffset(2026, 11, 23, 15, 12, 5, TimeSpan.Zero);
        return response;
    }

    private static HttpResponseMessage Error(HttpStatusCode status, string code)
    {
        var response = new HttpResponseMessage(status) { Content = new StringContent($"<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>", Encoding.UTF8, "application/xml") };
        response.Headers.Add("x-ms-error-code", code);
        return response;
    }

    private sealed record Version(string Path, string Id, byte[] Content, IReadOnlyDictionary<string, string> Metadata)
    {
        public bool IsCurrent { get; set; }
        public string ETag => $"\"{Id}\"";
    }

    private sealed class Handler(VersionedStorage storage) : HttpMessageHandler
    {
        private readonly SemaphoreSlim _one = new(1, 1);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var content = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
            await _one.WaitAsync(cancellationToken);
            try
            {
                var response = storage.Answer(request, content);
                response.RequestMessage = request;
                return response;
            }
            finally
            {
                _one.Release();
            }
        }

        protected override void Dispose(bool disposing)
        {
            _one.Dispose();
            base.Dispose(disposing);
        }
    }
}
