using System.Text.Json;

namespace CtSeg.Functions.Protocol;

/// <summary>An invocation whose data is small: timer, storage queue, Service Bus. Dispose it when it is answered.</summary>
internal sealed class Invocation : IDisposable
{
    // As the host spells them.
    private const string DataKey = "Data", MetadataKey = "Metadata", BodyKey = "Body";

    private readonly JsonDocument _body;
    private readonly JsonElement _data;

    private Invocation(JsonDocument body, JsonElement data, JsonElement metadata) => (_body, _data, Metadata) = (body, data, metadata);

    public JsonElement Metadata { get; }

    /// <exception cref="InvalidInvocationException">No JSON, or without Data.</exception>
    public static async Task<Invocation> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        JsonDocument json;
        try
        {
            json = await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken);
        }
        catch (JsonException e)
        {
            throw new InvalidInvocationException("The invocation's body is not JSON.", e);
        }
        var root = json.RootElement;
        if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty(DataKey, out var data) && data.ValueKind == JsonValueKind.Object)
            return new Invocation(json, data, root.TryGetProperty(MetadataKey, out var metadata) ? metadata : default);
        json.Dispose();
        throw new InvalidInvocationException("The invocation's body has no object Data.");
    }

    /// <summary>The content of a message as it was sent.</summary>
    /// <exception cref="InvalidInvocationException">The binding is missing or holds no message.</exception>
    public string MessageOf(string binding)
    {
        if (_data.TryGetProperty(binding, out var value) && value.ValueKind == JsonValueKind.String)
            return Scalars.DecodeText(value.GetString()!) ?? value.GetString()!;
        if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            return value.GetRawText();
        throw new InvalidInvocationException($"Data.{binding} is no message.");
    }

    /// <summary>The body of a request to a function that is not proxied.</summary>
    /// <returns>Null where it has none.</returns>
    /// <exception cref="InvalidInvocationException">The binding is missing or holds no request.</exception>
    public string? HttpBodyOf(string binding)
    {
        if (!_data.TryGetProperty(binding, out var request) || request.ValueKind != JsonValueKind.Object)
            throw new InvalidInvocationException($"Data.{binding} is no request.");
        if (!request.TryGetProperty(BodyKey, out var body) || body.ValueKind == JsonValueKind.Null)
            return null;
        return body.ValueKind == JsonValueKind.String ? body.GetString() : body.GetRawText();
    }

    /// <exception cref="InvalidInvocationException">The binding is missing.</exception>
    public void Require(string binding)
    {
        if (!_data.TryGetProperty(binding, out _))
            throw new InvalidInvocationException($"Data.{binding} is missing.");
    }

    public void Dispose() => _body.Dispose();
}
