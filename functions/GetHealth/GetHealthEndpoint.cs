using System.Text.Json;
using Azure;
using Azure.Identity;
using Azure.Storage.Blobs;
using CtSeg.Functions.Protocol;

namespace CtSeg.Functions;

/// <summary><c>GET /api/health</c>: whether the storage that everything rests on answers.</summary>
internal sealed partial class GetHealthEndpoint(BlobContainerClient container, TimeProvider clock, ILogger<GetHealthEndpoint> logger)
{
    public const string Name = "GetHealth";
    public const string Route = "health";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task RunAsync(HttpContext context)
    {
        var healthy = await IsStorageReachableAsync(context.RequestAborted);
        context.Response.StatusCode = healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        var health = new Health(healthy ? "healthy" : "unhealthy", healthy);
        await Reply.WriteAsync(context, JsonSerializer.SerializeToUtf8Bytes(health, ProtocolJson.Default.Health));
    }

    private async Task<bool> IsStorageReachableAsync(CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await container.GetPropertiesAsync(cancellationToken: either.Token);
            return true;
        }
        catch (RequestFailedException e)
        {
            LogUnreachable(e.Status, e.ErrorCode);
        }
        catch (AuthenticationFailedException)
        {
            LogUnreachable(0, "AuthenticationFailed");
        }
        catch (AggregateException e) when (e.InnerExceptions.All(inner => inner is RequestFailedException))
        {
            LogUnreachable(0, "RetriesUsedUp");
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            LogUnreachable(0, "Timeout");
        }
        return false;
    }

    [LoggerMessage(280, LogLevel.Error, "Storage is not reachable: {Status} {ErrorCode}")]
    private partial void LogUnreachable(int status, string? errorCode);
}
