using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Functions.Protocol;
using CtSeg.TrainingRuns;

namespace CtSeg.Functions;

/// <summary><c>GET /api/training-runs/{runId}</c>: the run's document, readable while it goes on.</summary>
internal sealed class GetTrainingRunEndpoint(TrainingRunStore runs)
{
    public const string Name = "GetTrainingRun";
    public const string Route = "training-runs/{runId}";

    public async Task RunAsync(HttpContext context)
    {
        if (context.Request.RouteValues["runId"] is not string id || !TrainingRunId.IsValid(id))
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "An id of a training run looks like 20261127-020000-1a2b3c.");
            return;
        }
        try
        {
            if (await runs.FindAsync(id, context.RequestAborted) is { } found)
            {
                context.Response.Headers.ETag = found.ETag.ToString("H");
                await Reply.WriteAsync(context, JsonSerializer.SerializeToUtf8Bytes(found.Run, ContractsJson.Default.TrainingRunStatus));
                return;
            }
            await Problem.WriteAsync(context, StatusCodes.Status404NotFound, $"There is no training run {id}.");
        }
        catch (DamagedTrainingRunException e)
        {
            await Problem.WriteAsync(context, StatusCodes.Status500InternalServerError, e.Message);
        }
    }
}
