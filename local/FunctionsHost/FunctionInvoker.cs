using System.Net.Http.Headers;

namespace CtSeg.Local.FunctionsHost;

/// <summary>Runs one function: posts the trigger's data to the handler, reads its answer, writes its outputs.</summary>
internal sealed class FunctionInvoker(
    HostSettings settings,
    HandlerSupervisor handler,
    HttpClient http,
    OutputWriter outputs,
    Func<Guid> newGuid,
    TimeProvider time,
    ILogger logger)
{
    /// <value>The version of the real host whose contract this one keeps.</value>
    public const string HostVersion = "4.1037.0.0";
    public const string InvocationIdHeader = "X-Azure-Functions-InvocationId";
    public const string HostVersionHeader = "X-Azure-Functions-HostVersion";

    public TriggerData WithSystem(FunctionDefinition function, object value, IEnumerable<KeyValuePair<string, object?>> metadata) =>
        new(value, [.. metadata, KeyValuePair.Create("sys", (object?)InvocationBody.System(function.Name, time.GetUtcNow(), newGuid()))]);

    /// <returns>The answer, its outputs already written.</returns>
    /// <exception cref="InvocationFailedException">The handler refused, answered what is no answer, or functionTimeout passed.</exception>
    public async Task<InvocationAnswer> InvokeAsync(FunctionDefinition function, TriggerData data, CancellationToken cancellationToken)
    {
        string id = newGuid().ToString();
        using CancellationTokenSource timeout = new(settings.FunctionTimeout ?? Timeout.InfiniteTimeSpan, time);
        using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        long start = time.GetTimestamp();
        HostLog.Executing(logger, function.Name, id);
        try
        {
            InvocationAnswer answer = await PostAsync(function, id, data, linked.Token);
            if (answer.Outcome == AnswerOutcome.Hang)
            {
                HostLog.NoResult(logger, function.Name, id, answer.Reason);
                await Task.Delay(Timeout.InfiniteTimeSpan, time, linked.Token);
            }

            if (answer.Outcome == AnswerOutcome.Failed)
                throw new InvocationFailedException($"{function.Name}: {answer.Reason}.");
            foreach (string line in answer.Logs)
                HostLog.FunctionLog(logger, function.Name, line);
            await outputs.WriteAsync(function, answer, data.Metadata, linked.Token);
            HostLog.Executed(logger, function.Name, id, (long)time.GetElapsedTime(start).TotalMilliseconds);
            return answer;
        }
        catch (OperationCanceledException e) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            InvocationFailedException failure = new($"{function.Name}: functionTimeout ({settings.FunctionTimeout}) was exceeded.", e);
            HostLog.InvocationFailed(logger, function.Name, id, failure.Message);
            throw failure;
        }
        catch (HttpRequestException e)
        {
            InvocationFailedException failure = new($"{function.Name}: the handler could not be reached or broke off: {e.Message}", e);
            HostLog.InvocationFailed(logger, function.Name, id, failure.Message);
            throw failure;
        }
        catch (InvocationFailedException e)
        {
            HostLog.InvocationFailed(logger, function.Name, id, e.Message);
            throw;
        }
    }

    private async Task<InvocationAnswer> PostAsync(FunctionDefinition function, string id, TriggerData data, CancellationToken cancellationToken)
    {
        Uri address = await handler.ReadyAsync(cancellationToken);
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri(address, "/" + function.Name));
        request.Headers.Add(InvocationIdHeader, id);
        request.Headers.Add(HostVersionHeader, HostVersion);
        request.Headers.TransferEncodingChunked = true;
        request.Content = new ByteArrayContent(InvocationBody.Write(function.Trigger.Name, data));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return InvocationAnswer.Read((int)response.StatusCode, response.Content.Headers.ContentType?.ToString(), body);
    }
}
