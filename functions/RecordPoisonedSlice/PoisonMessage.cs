using System.Text.Json;
using System.Text.Json.Serialization;
using CtSeg.Functions.Protocol;

namespace CtSeg.Functions;

/// <summary>What the host writes to the poison queue of blob triggers.</summary>
/// <param name="FunctionId">Ends with the function's name, <c>Host.Functions.PreprocessSlice</c>.</param>
internal sealed record PoisonMessage(string FunctionId, string ContainerName, string BlobName)
{
    public string? BlobType { get; init; }

    [JsonPropertyName("ETag")]
    public string? ETag { get; init; }

    /// <exception cref="InvalidInvocationException">Not such a message.</exception>
    public static PoisonMessage Parse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, PoisonJson.Default.PoisonMessage)
                ?? throw new InvalidInvocationException("The poison message is null.");
        }
        catch (JsonException e)
        {
            throw new InvalidInvocationException("The poison message does not name a function, a container and a blob.", e);
        }
    }

    public bool IsOf(string function, string container) =>
        FunctionId.EndsWith($".{function}", StringComparison.Ordinal) && ContainerName == container && BlobName.Length > 0;
}

[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PoisonMessage))]
internal sealed partial class PoisonJson : JsonSerializerContext;
