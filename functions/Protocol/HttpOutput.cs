using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.WebUtilities;

namespace CtSeg.Functions.Protocol;

/// <summary>What a function that is not proxied answers its caller: the value of its http output.</summary>
/// <param name="Body">Text; the host sends it as it is.</param>
internal sealed record HttpOutput(
    [property: JsonPropertyName("statusCode")] int Status, string Body, IReadOnlyDictionary<string, string> Headers)
{
    private const string ContentType = "Content-Type";

    public static HttpOutput Json(int status, string json, params ReadOnlySpan<(string Name, string Value)> headers)
    {
        var all = new Dictionary<string, string> { [ContentType] = "application/json; charset=utf-8" };
        foreach (var (name, value) in headers)
            all[name] = value;
        return new HttpOutput(status, json, all);
    }

    /// <param name="detail">One sentence: what is wrong and what to do.</param>
    public static HttpOutput Problem(int status, string detail)
    {
        var problem = new Problem(status, ReasonPhrases.GetReasonPhrase(status), detail);
        return new HttpOutput(
            status, JsonSerializer.Serialize(problem, ProtocolJson.Default.Problem), new Dictionary<string, string> { [ContentType] = "application/problem+json" });
    }
}
