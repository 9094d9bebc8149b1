using Microsoft.Extensions.Primitives;

namespace CtSeg.Local.FunctionsHost;

/// <summary>Hands an HTTP request to the handler as it is (path and query too) and streams the answer back.</summary>
internal static class HttpProxy
{
    private static readonly HashSet<string> HopByHop = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Host", "Expect",
        FunctionInvoker.InvocationIdHeader, FunctionInvoker.HostVersionHeader,
    };

    /// <exception cref="HttpRequestException">The handler could not be reached or broke off before its headers.</exception>
    public static async Task ForwardAsync(HttpContext context, Uri handler, string invocationId, HttpClient http, CancellationToken cancellationToken)
    {
        HttpRequest incoming = context.Request;
        UriBuilder target = new(handler) { Path = incoming.PathBase + incoming.Path.ToUriComponent(), Query = incoming.QueryString.ToUriComponent() };
        using HttpRequestMessage request = new(new HttpMethod(incoming.Method), target.Uri);
        if (incoming.ContentLength > 0 || incoming.Headers.TransferEncoding.Count > 0)
            request.Content = new StreamContent(incoming.Body);
        foreach ((string name, StringValues values) in incoming.Headers)
            if (!HopByHop.Contains(name) && !request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        request.Headers.Add(FunctionInvoker.InvocationIdHeader, invocationId);
        request.Headers.Add(FunctionInvoker.HostVersionHeader, FunctionInvoker.HostVersion);

        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        context.Response.StatusCode = (int)response.StatusCode;
        foreach ((string name, IEnumerable<string> values) in response.Headers.Concat(response.Content.Headers))
            if (!HopByHop.Contains(name))
                context.Response.Headers[name] = values.ToArray();
        await using Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
        // Kestrel sends each piece as it comes: a client sees the beginning before the end exists.
        await body.CopyToAsync(context.Response.Body, cancellationToken);
    }
}
