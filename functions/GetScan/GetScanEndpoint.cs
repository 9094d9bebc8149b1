using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Functions.Protocol;
using CtSeg.Scans;

namespace CtSeg.Functions;

/// <summary><c>GET /api/scans/{scanId}</c>: the status document.</summary>
internal sealed class GetScanEndpoint(StatusStore statuses)
{
    public const string Name = "GetScan";
    public const string Route = "scans/{scanId}";

    public async Task RunAsync(HttpContext context)
    {
        if (!ScanId.TryParse(context.Request.RouteValues["scanId"] as string, out var scan))
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "A scan id has 16 lower-case hexadecimal characters.");
            return;
        }
        if (await statuses.FindAsync(scan, context.RequestAborted) is not { } found)
        {
            await Problem.WriteAsync(context, StatusCodes.Status404NotFound, $"There is no scan {scan}.");
            return;
        }
        context.Response.Headers.ETag = found.ETag.ToString("H");
        await Reply.WriteAsync(context, JsonSerializer.SerializeToUtf8Bytes(found.Status, ContractsJson.Default.ScanStatus));
    }
}
