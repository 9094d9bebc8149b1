using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.WebUtilities;

namespace CtSeg.Functions.Protocol;

/// <summary>RFC 9457, <c>application/problem+json</c>.</summary>
/// <param name="Detail">One sentence: what is wrong and what to do.</param>
internal sealed record Problem(int Status, string Title, string Detail)
{
    public string Type { get; init; } = "about:blank";

    public static Task WriteAsync(HttpContext context, int status, string detail)
    {
        var problem = new Problem(status, ReasonPhrases.GetReasonPhrase(status), detail);
        context.Response.StatusCode = status;
        return Reply.WriteAsync(context, "application/problem+json", JsonSerializer.SerializeToUtf8Bytes(problem, ProtocolJson.Default.Problem));
    }
}

/// <param name="Status"><c>healthy</c> or <c>unhealthy</c>.</param>
/// <param name="Storage">Whether the storage account answers.</param>
internal sealed record Health(string Status, bool Storage);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(Health))]
[JsonSerializable(typeof(HttpOutput))]
internal sealed partial class ProtocolJson : JsonSerializerContext;
