namespace CtSeg.Functions.Protocol;

/// <summary>Writes whole answers; the host waits forever for one that is empty.</summary>
internal static class Reply
{
    private const string Json = "application/json; charset=utf-8";

    public static Task WriteAsync(HttpContext context, byte[] json) => WriteAsync(context, Json, json);

    public static async Task WriteAsync(HttpContext context, string contentType, byte[] body)
    {
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
