using System.Diagnostics.CodeAnalysis;
using Azure;

namespace CtSeg.Functions.Protocol;

/// <summary>
/// Turns what a function throws into the answer the host acts on: anything but 2xx fails the invocation, and the host
/// tries again.
/// </summary>
internal sealed partial class FunctionErrors(RequestDelegate next, ILogger<FunctionErrors> logger)
{
    private const string TryAgain = "The service failed at this request; it is safe to try it again.";

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "The boundary to the host: whatever failed, it must get an answer.")]
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (InvalidInvocationException e)
        {
            LogInvalid(context.Request.Path, e.Message);
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, e.Message);
        }
        catch (BadHttpRequestException e)
        {
            LogInvalid(context.Request.Path, e.Message);
            await Problem.WriteAsync(context, e.StatusCode, e.Message);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for the answer any more.
        }
        catch (RequestFailedException e) when (!context.Response.HasStarted)
        {
            // The message may quote a blob's path, which may hold a patient's name.
            LogStorageFailure(context.Request.Path, e.Status, e.ErrorCode);
            await Problem.WriteAsync(context, StatusCodes.Status500InternalServerError, TryAgain);
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            LogFailure(e, context.Request.Path);
            await Problem.WriteAsync(context, StatusCodes.Status500InternalServerError, TryAgain);
        }
    }

    [LoggerMessage(100, LogLevel.Warning, "{Path}: refused, {Why}")]
    private partial void LogInvalid(string path, string why);

    [LoggerMessage(101, LogLevel.Error, "{Path}: storage answered {Status} {ErrorCode}")]
    private partial void LogStorageFailure(string path, int status, string? errorCode);

    [LoggerMessage(102, LogLevel.Error, "{Path}: failed")]
    private partial void LogFailure(Exception error, string path);
}
