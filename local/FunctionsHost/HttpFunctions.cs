namespace CtSeg.Local.FunctionsHost;

/// <summary>The routes of the HTTP triggers.</summary>
internal sealed class HttpFunctions(FunctionApp app, FunctionsHostOptions options, FunctionInvoker invoker, HandlerSupervisor handler, HttpClient http, TimeProvider time, ILogger logger)
{
    /// <value>What Azure's front end grants an answer.</value>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(230);

    private static readonly string[] AllMethods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (FunctionDefinition function in app.Functions.Where(function => function.Trigger.Is("httpTrigger")))
        {
            Binding trigger = function.Trigger;
            string authLevel = trigger.Find("authLevel") ?? "function";
            if (!authLevel.Equals("anonymous", StringComparison.OrdinalIgnoreCase) && string.IsNullOrEmpty(options.FunctionKey))
                HostLog.NoFunctionKey(logger, function.Name, authLevel);
            string[] methods = trigger.Properties["methods"] is Newtonsoft.Json.Linq.JArray { Count: > 0 } list
                ? [.. list.Select(method => method.ToString().ToUpperInvariant())]
                : AllMethods;
            string route = $"/{app.Host.RoutePrefix}/{(trigger.Find("route") ?? function.Name).TrimStart('/')}".Replace("//", "/", StringComparison.Ordinal);
            routes.MapMethods(route, methods, context => HandleAsync(context, function, authLevel));
        }
    }

    private async Task HandleAsync(HttpContext context, FunctionDefinition function, string authLevel)
    {
        if (!FunctionKeys.IsAllowed(context.Request, authLevel, options.FunctionKey))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        TimeSpan limit = options.FunctionTimeout ?? app.Host.FunctionTimeout ?? AnswerLimit;
        using CancellationTokenSource timeout = new(limit < AnswerLimit ? limit : AnswerLimit, time);
        using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, context.RequestAborted);
        try
        {
            if (function.IsProxied(app.Host))
                await HttpProxy.ForwardAsync(context, await handler.ReadyAsync(linked.Token), options.NewGuid().ToString(), http, linked.Token);
            else
                await HttpInvocation.RespondAsync(
                    context.Response,
                    function,
                    await invoker.InvokeAsync(function, await HttpInvocation.DescribeAsync(context.Request, linked.Token), linked.Token),
                    linked.Token);
        }
        catch (InvocationFailedException)
        {
            Refuse(context, StatusCodes.Status500InternalServerError);
        }
        catch (HttpRequestException e)
        {
            HostLog.InvocationFailed(logger, function.Name, "-", e.Message);
            Refuse(context, StatusCodes.Status502BadGateway);
        }
        catch (IOException e)
        {
            HostLog.InvocationFailed(logger, function.Name, "-", e.Message);
            Refuse(context, StatusCodes.Status502BadGateway);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            Refuse(context, StatusCodes.Status504GatewayTimeout);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has left.
        }
        catch (OperationCanceledException)
        {
            // The handler failed too often, and the host has closed its connections while it stops.
            Refuse(context, StatusCodes.Status502BadGateway);
        }
    }

    private static void Refuse(HttpContext context, int status)
    {
        // Once the answer has begun its status is out: breaking off is the only way left to say that it failed.
        if (context.Response.HasStarted)
            context.Abort();
        else
            context.Response.StatusCode = status;
    }
}
