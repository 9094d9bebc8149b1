using System.Text.Json;
using System.Text.Json.Serialization;

namespace CtSeg.Recovery;

/// <summary>What the Functions host writes to the poison queue of blob triggers.</summary>
/// <param name="FunctionId">Ends with the function's name, <c>Host.Functions.PreprocessSlice</c>.</param>
public sealed record PoisonMessage(string FunctionId, string ContainerName, string BlobName)
{
    [JsonPropertyName("ETag")]
    public string? ETag { get; init; }

    /// <value>Name of the function that gave the blob up.</value>
    [JsonIgnore]
    public string Function => FunctionId.Split('.')[^1];

    /// <returns>Null where it is no such message.</returns>
    public static PoisonMessage? TryParse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, PoisonJson.Default.PoisonMessage);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public bool IsOf(string function, string container) => Function == function && ContainerName == container && BlobName.Length > 0;
}

[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PoisonMessage))]
internal sealed partial class PoisonJson : JsonSerializerContext;
