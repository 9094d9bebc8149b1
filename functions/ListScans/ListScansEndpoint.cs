using System.Globalization;
using System.Text.Json;
using Azure;
using CtSeg.Contracts;
using CtSeg.Functions.Protocol;
using CtSeg.Scans;

namespace CtSeg.Functions;

/// <summary><c>GET /api/scans?state=&amp;limit=&amp;continuation=</c></summary>
internal sealed class ListScansEndpoint(StatusStore statuses)
{
    public const string Name = "ListScans";
    public const string Route = "scans";
    private const int DefaultLimit = 100;
    private const int MaxLimit = 500;
    // A filter may match little: an answer then holds fewer scans than asked for, and a continuation.
    private const int MaxPages = 20;

    public async Task RunAsync(HttpContext context)
    {
        var query = context.Request.Query;
        string? stateText = query["state"], limitText = query["limit"], continuation = query["continuation"];
        if (!TryReadState(stateText, out var state))
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest,
                "The state is unknown: use received, preprocessed, segmenting, completed or failed.");
            return;
        }
        if (!TryReadLimit(limitText, out var limit))
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, $"The limit must be a whole number from 1 to {MaxLimit}.");
            return;
        }
        ScanPage page;
        try
        {
            page = await ReadAsync(state, limit, string.IsNullOrEmpty(continuation) ? null : continuation, context.RequestAborted);
        }
        catch (RequestFailedException e) when (e.Status == StatusCodes.Status400BadRequest && !string.IsNullOrEmpty(continuation))
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "The continuation is not one of an earlier answer: start without it.");
            return;
        }
        await Reply.WriteAsync(context, JsonSerializer.SerializeToUtf8Bytes(page, ContractsJson.Default.ScanPage));
    }

    private async Task<ScanPage> ReadAsync(ScanState? state, int limit, string? continuation, CancellationToken cancellationToken)
    {
        var scans = new List<ScanListing>();
        for (var pages = 0; pages < MaxPages; pages++)
        {
            var page = await statuses.ListPageAsync(limit - scans.Count, continuation, cancellationToken);
            scans.AddRange(page.Scans.Where(scan => state is null || scan.State == state));
            continuation = page.Continuation;
            if (continuation is null || scans.Count == limit)
                break;
        }
        return new ScanPage(scans, continuation);
    }

    private static bool TryReadState(string? text, out ScanState? state)
    {
        state = string.IsNullOrEmpty(text) ? null : Enum.GetValues<ScanState>().Cast<ScanState?>().FirstOrDefault(
            candidate => string.Equals(candidate.ToString(), text, StringComparison.OrdinalIgnoreCase));
        return state is not null || string.IsNullOrEmpty(text);
    }

    private static bool TryReadLimit(string? text, out int limit)
    {
        limit = DefaultLimit;
        return string.IsNullOrEmpty(text)
            || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= MaxLimit);
    }
}
