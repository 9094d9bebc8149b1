using System.Net.Http.Headers;
using System.Text;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace CtSeg.Local.FunctionsHost;

internal enum AnswerOutcome
{
    Done,

    /// <summary>The host finds no result in the answer and waits until functionTimeout.</summary>
    Hang,
    Failed,
}

/// <summary>What the host makes of a handler's answer; see the table in tests/fixtures/custom-handler/answers.</summary>
internal sealed record InvocationAnswer(AnswerOutcome Outcome, string Reason)
{
    public JObject Outputs { get; private init; } = [];
    public IReadOnlyList<string> Logs { get; private init; } = [];
    public JToken? ReturnValue { get; private init; }

    public static InvocationAnswer Read(int status, string? contentType, byte[] body)
    {
        if (status is < 200 or > 299)
            return Failed($"the handler answered {status}");
        if (body.Length == 0)
            return new InvocationAnswer(AnswerOutcome.Hang, $"the handler answered {status} with an empty body");
        string? mediaType = MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? parsed) ? parsed.MediaType : null;
        if (mediaType is null || !(mediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) || mediaType.Equals("text/json", StringComparison.OrdinalIgnoreCase)))
            return Failed($"the handler answered with content type '{contentType}' instead of application/json");
        try
        {
            return JsonText.Parse(Encoding.UTF8.GetString(body)) switch
            {
                null or JValue { Type: JTokenType.Null } => new InvocationAnswer(AnswerOutcome.Hang, "the handler answered null"),
                JObject json => ReadObject(json),
                _ => Failed("the handler's answer is JSON but no object"),
            };
        }
        catch (JsonException e)
        {
            return Failed($"the handler's answer is no JSON: {e.Message}");
        }
    }

    private static InvocationAnswer ReadObject(JObject json)
    {
        JToken? outputs = json.GetValue(nameof(Outputs), StringComparison.OrdinalIgnoreCase);
        JToken? logs = json.GetValue(nameof(Logs), StringComparison.OrdinalIgnoreCase);
        JToken? returned = json.GetValue(nameof(ReturnValue), StringComparison.OrdinalIgnoreCase);
        if (outputs is not (null or JObject or JValue { Type: JTokenType.Null }))
            return Failed("the answer's Outputs is no object");
        if (logs is not (null or JArray or JValue { Type: JTokenType.Null }))
            return Failed("the answer's Logs is no array");
        return new InvocationAnswer(AnswerOutcome.Done, "")
        {
            Outputs = outputs as JObject ?? [],
            Logs = [.. (logs as JArray ?? []).Select(line => line.ToString())],
            ReturnValue = returned is { Type: not JTokenType.Null } ? returned : null,
        };
    }

    private static InvocationAnswer Failed(string reason) => new(AnswerOutcome.Failed, reason);
}
