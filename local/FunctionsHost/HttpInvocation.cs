using System.Globalization;
using System.Text;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace CtSeg.Local.FunctionsHost;

/// <summary>The form of HTTP functions that are not proxied: the request as a JSON object, the response from <c>Outputs.res</c>.</summary>
internal static class HttpInvocation
{
    public static async Task<TriggerData> DescribeAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using StreamReader reader = new(request.Body, Encoding.UTF8);
        JObject json = new(
            new JProperty("Url", $"{request.Scheme}://{request.Host}{request.Path}{request.QueryString}"),
            new JProperty("Method", request.Method),
            new JProperty("Query", new JObject(request.Query.Select(pair => new JProperty(pair.Key, pair.Value.ToString())))),
            new JProperty("Headers", new JObject(request.Headers.Select(pair => new JProperty(pair.Key, new JArray(pair.Value.OfType<string>()))))),
            new JProperty("Params", new JObject(request.RouteValues.Select(pair => new JProperty(pair.Key, Convert.ToString(pair.Value, CultureInfo.InvariantCulture))))),
            new JProperty("Identities", new JArray()),
            new JProperty("Body", await reader.ReadToEndAsync(cancellationToken)));
        return new TriggerData(json, []);
    }

    /// <summary>Writes <c>{"statusCode":201,"body":...,"headers":{}}</c>; nothing at all is an empty 200.</summary>
    public static async Task RespondAsync(HttpResponse response, FunctionDefinition function, InvocationAnswer answer, CancellationToken cancellationToken)
    {
        Binding? output = function.Outputs.FirstOrDefault(binding => binding.Is("http"));
        JToken? value = output is null ? null
            : output.Name == "$return" ? answer.ReturnValue
            : answer.Outputs.GetValue(output.Name, StringComparison.OrdinalIgnoreCase);
        if (value is not JObject res)
        {
            response.StatusCode = output is null ? StatusCodes.Status204NoContent : StatusCodes.Status200OK;
            if (value is JValue { Value: not null } scalar)
                await response.WriteAsync(JsonText.Scalar(scalar) ?? "", cancellationToken);
            return;
        }

        JToken? status = res.GetValue("statusCode", StringComparison.OrdinalIgnoreCase) ?? res.GetValue("status", StringComparison.OrdinalIgnoreCase);
        response.StatusCode = int.TryParse(status?.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out int code) ? code : StatusCodes.Status200OK;
        foreach (JProperty header in (res.GetValue("headers", StringComparison.OrdinalIgnoreCase) as JObject)?.Properties() ?? [])
            response.Headers[header.Name] = header.Value.ToString();
        switch (res.GetValue("body", StringComparison.OrdinalIgnoreCase))
        {
            case JValue { Value: null } or null:
                break;
            case JValue scalar:
                response.ContentType ??= "text/plain; charset=utf-8";
                await response.WriteAsync(JsonText.Scalar(scalar) ?? "", cancellationToken);
                break;
            case { } body:
                response.ContentType ??= "application/json; charset=utf-8";
                await response.WriteAsync(body.ToString(Formatting.None), cancellationToken);
                break;
        }
    }
}
