using System.Globalization;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Functions.Protocol;
using CtSeg.TrainingRuns;

namespace CtSeg.Functions;

/// <summary><c>GET /api/training-runs?limit=</c>: the newest first.</summary>
internal sealed class ListTrainingRunsEndpoint(TrainingRunStore runs)
{
    public const string Name = "ListTrainingRuns";
    public const string Route = "training-runs";
    private const int DefaultLimit = 20;
    private const int MaxLimit = 200;

    public async Task RunAsync(HttpContext context)
    {
        string? text = context.Request.Query["limit"];
        var limit = DefaultLimit;
        if (!string.IsNullOrEmpty(text) && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= MaxLimit))
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, $"The limit must be a whole number from 1 to {MaxLimit}.");
            return;
        }
        var page = await TrainingRunPage.OfAsync(runs.ListAsync(limit, context.RequestAborted), context.RequestAborted);
        await Reply.WriteAsync(context, JsonSerializer.SerializeToUtf8Bytes(page, ContractsJson.Default.TrainingRunPage));
    }
}
