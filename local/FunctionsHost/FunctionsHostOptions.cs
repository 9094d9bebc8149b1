using CtSeg.ServiceBus;

namespace CtSeg.Local.FunctionsHost;

internal sealed record FunctionsHostOptions
{
    /// <value>The folder of the published app: host.json and a folder a function.</value>
    public required string AppRoot { get; init; }

    /// <value>0 takes a free one.</value>
    public int Port { get; init; }

    /// <value>Settings over those of the environment and local.settings.json.</value>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <value>Makes a client of a connection; null where no function uses Service Bus.</value>
    public Func<HostConnection, IServiceBusClient>? ServiceBus { get; init; }

    /// <value>500 ms. The real host polls far more slowly, unless Event Grid tells it.</value>
    public TimeSpan BlobPollingInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <value>1 s between the tries of one blob.</value>
    public TimeSpan BlobRetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <value>2 s, the longest pause between looks at an empty storage queue; the first is 100 ms. host.json may say otherwise.</value>
    public TimeSpan QueuePollingMaximum { get; init; } = TimeSpan.FromSeconds(2);

    /// <value>Null takes host.json's.</value>
    public TimeSpan? FunctionTimeout { get; init; }

    /// <value>The key for HTTP functions with authLevel function or admin; null refuses them all.</value>
    public string? FunctionKey { get; init; }

    /// <value>Names this host's receipts and timer states in storage: the same after a restart.</value>
    public string HostId { get; init; } = "local";

    /// <value>5 s for the work at hand when stopping; then the handler is killed.</value>
    public TimeSpan StopLimit { get; init; } = TimeSpan.FromSeconds(5);

    public Func<HandlerStart, ILogger, IHandlerProcess> StartHandler { get; init; } = HandlerProcess.Start;

    public Func<Guid> NewGuid { get; init; } = Guid.NewGuid;
}
