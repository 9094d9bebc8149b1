using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Azure.Storage.Blobs;

namespace CtSeg.Functions.Protocol;

/// <summary>
/// An invocation by a blob trigger with <c>dataType: binary</c>. The content is decoded inside the body's own buffer, so
/// that a large slice lies in memory once. Dispose it when the content is no longer needed.
/// </summary>
internal sealed class BlobInvocation : IDisposable
{
    private readonly PooledBody _body;

    private BlobInvocation(PooledBody body, string blobName, ReadOnlyMemory<byte> content) =>
        (_body, BlobName, Content) = (body, blobName, content);

    /// <value>Path inside the container.</value>
    public string BlobName { get; }

    public ReadOnlyMemory<byte> Content { get; }

    /// <param name="binding">Name of the blob trigger's binding.</param>
    /// <param name="container">The container that it watches.</param>
    /// <exception cref="InvalidInvocationException">The body does not fit the contract.</exception>
    public static async Task<BlobInvocation> ReadAsync(
        Stream stream, long? announced, string binding, string container, CancellationToken cancellationToken)
    {
        var body = await PooledBody.ReadAsync(stream, announced, cancellationToken);
        try
        {
            var parts = Parts.Read(body.Span, binding);
            var name = parts.Name ?? NameOf(parts.Uri, container);
            return new BlobInvocation(body, name, Decode(body, parts));
        }
        catch (JsonException e)
        {
            body.Dispose();
            throw new InvalidInvocationException("The invocation's body is not JSON.", e);
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose() => _body.Dispose();

    private static ReadOnlyMemory<byte> Decode(PooledBody body, Parts parts)
    {
        if (Base64.DecodeFromUtf8InPlace(body.Span.Slice(parts.ContentStart, parts.ContentLength), out var length) != OperationStatus.Done)
            throw new InvalidInvocationException("The slice's content is not base64: the blob trigger needs dataType binary.");
        return body.Slice(parts.ContentStart, length);
    }

    private static string NameOf(string? uri, string container)
    {
        if (uri is not null && Uri.TryCreate(uri, UriKind.Absolute, out var address)
            && new BlobUriBuilder(address) is { BlobName: { Length: > 0 } name } blob && blob.BlobContainerName == container)
            return name;
        throw new InvalidInvocationException($"Neither Metadata.name nor Metadata.Uri names a blob in {container}.");
    }

    /// <summary>Where the content lies in the body, and what names the blob.</summary>
    private sealed record Parts(int ContentStart, int ContentLength, string? Name, string? Uri)
    {
        public static Parts Read(ReadOnlySpan<byte> body, string binding)
        {
            var reader = new Utf8JsonReader(body);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                throw new InvalidInvocationException("The invocation's body is no JSON object.");
            (int Start, int Length)? content = null;
            string? name = null, uri = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("Data"u8))
                    content = ReadContent(ref reader, binding);
                else if (reader.ValueTextEquals("Metadata"u8))
                    (name, uri) = ReadNames(ref reader);
                else
                    reader.Skip();
            }
            if (reader.Read())
                throw new InvalidInvocationException("More follows the invocation's body.");
            return content is var (start, length)
                ? new Parts(start, length, name, uri)
                : throw new InvalidInvocationException($"Data.{binding} is missing.");
        }

        private static (int Start, int Length)? ReadContent(ref Utf8JsonReader reader, string binding)
        {
            (int, int)? content = null;
            EnterObject(ref reader, "Data");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var wanted = reader.ValueTextEquals(binding);
                if (!wanted)
                {
                    reader.Skip();
                    continue;
                }
                reader.Read();
                if (reader.TokenType != JsonTokenType.String || reader.ValueIsEscaped)
                    throw new InvalidInvocationException($"Data.{binding} is not base64: the blob trigger needs dataType binary.");
                content = ((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
            }
            return content;
        }

        private static (string? Name, string? Uri) ReadNames(ref Utf8JsonReader reader)
        {
            string? name = null, uri = null;
            EnterObject(ref reader, "Metadata");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("name"u8))
                    name = ReadText(ref reader, "name");
                else if (reader.ValueTextEquals("Uri"u8))
                    uri = ReadText(ref reader, "Uri");
                else
                    reader.Skip();
            }
            return (name, uri);
        }

        private static string ReadText(ref Utf8JsonReader reader, string name)
        {
            reader.Read();
            return reader.TokenType == JsonTokenType.String && Scalars.DecodeText(reader.GetString()!) is { Length: > 0 } text
                ? text
                : throw new InvalidInvocationException($"Metadata.{name} is no JSON text inside a string.");
        }

        private static void EnterObject(ref Utf8JsonReader reader, string name)
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                throw new InvalidInvocationException($"{name} is no object.");
        }
    }
}
