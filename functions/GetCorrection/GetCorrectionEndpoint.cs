using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Corrections;
using CtSeg.Functions.Protocol;

namespace CtSeg.Functions;

/// <summary><c>GET /api/corrections/{scanId}</c>: what became of the last corrected mask of a scan.</summary>
internal sealed class GetCorrectionEndpoint(CorrectionStore corrections)
{
    public const string Name = "GetCorrection";
    public const string Route = "corrections/{scanId}";

    public async Task RunAsync(HttpContext context)
    {
        if (!ScanId.TryParse(context.Request.RouteValues["scanId"] as string, out var scan))
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "A scan id has 16 lower-case hexadecimal characters.");
            return;
        }
        var found = await corrections.FindOutcomeAsync(scan, context.RequestAborted);
        if (found is null)
        {
            await Problem.WriteAsync(context, StatusCodes.Status404NotFound, $"There is no correction of scan {scan}, or it is not taken in yet.");
            return;
        }
        if (found.Outcome is not { } outcome)
            throw new JsonException($"{Containers.TrainingData}/{BlobPaths.CorrectionOutcome(scan)} cannot be read.");
        context.Response.Headers.ETag = found.ETag.ToString("H");
        await Reply.WriteAsync(context, JsonSerializer.SerializeToUtf8Bytes(outcome, ContractsJson.Default.CorrectionOutcome));
    }
}
