using CtSeg.Local.FunctionsHost;
using CtSeg.ServiceBus;
using Host = CtSeg.Local.FunctionsHost.FunctionsHost;

namespace CtSeg.Local.Tests.FunctionsHost;

/// <summary>An app folder of a test with a scripted handler, a Service Bus in memory and, once started, the host.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    public const string HostJson = """
        {"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"handler"},"enableProxyingHttpRequest":true},
         "functionTimeout":"00:05:00","extensions":{"blobs":{"maxDegreeOfParallelism":2,"poisonBlobThreshold":5},"serviceBus":{"maxConcurrentCalls":2}}}
        """;

    /// <summary>A function triggered by the Service Bus queue <c>requests</c> with the output <c>message</c> to the queue <c>done</c>.</summary>
    public const string Relay = """
        {"bindings":[{"type":"serviceBusTrigger","direction":"in","name":"msg","queueName":"%Requests%","connection":"ServiceBus"},
                     {"type":"serviceBus","direction":"out","name":"message","queueName":"done","connection":"ServiceBus"}]}
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ctseg-host-");

    public required ScriptedHandler Handler { get; init; }

    public FakeServiceBus Bus { get; } = new();

    public Dictionary<string, string> Settings { get; } = new() { ["ServiceBus"] = "Endpoint=sb://fake;SharedAccessKeyName=fake;SharedAccessKey=ZmFrZQ==", ["Requests"] = "requests" };

    public string HostId { get; set; } = "test";

    public RecordedLog Log { get; } = new();

    public TimeProvider Time { get; set; } = TimeProvider.System;

    public Host? Host { get; private set; }

    public string Folder => _folder.FullName;

    public static async Task<TestHost> CreateAsync(string? hostJson = null, params (string Name, string Json)[] functions)
    {
        TestHost host = new() { Handler = await ScriptedHandler.StartAsync() };
        await File.WriteAllTextAsync(Path.Combine(host.Folder, "host.json"), hostJson ?? HostJson);
        foreach ((string name, string json) in functions)
            await host.AddAsync(name, json);
        return host;
    }

    public async Task AddAsync(string name, string json)
    {
        Directory.CreateDirectory(Path.Combine(Folder, name));
        await File.WriteAllTextAsync(Path.Combine(Folder, name, "function.json"), json);
    }

    public FunctionsHostOptions Options => new()
    {
        AppRoot = Folder,
        Settings = Settings,
        ServiceBus = _ => Bus,
        StartHandler = (_, _) => Handler.Start(),
        BlobPollingInterval = TimeSpan.FromMilliseconds(50),
        BlobRetryDelay = TimeSpan.FromMilliseconds(1),
        HostId = HostId,
        StopLimit = TimeSpan.FromMilliseconds(200),
    };

    public async Task<Host> StartAsync(Func<FunctionsHostOptions, FunctionsHostOptions>? change = null) =>
        Host = await CtSeg.Local.FunctionsHost.FunctionsHost.StartAsync((change ?? (o => o))(Options), Time, Log, CancellationToken.None).SoonAsync();

    public static ReceivedMessage Message(string body, string id = "abc") => new(System.Text.Encoding.UTF8.GetBytes(body), Guid.Empty)
    {
        MessageId = id,
        DeliveryCount = 1,
        SequenceNumber = 12,
        EnqueuedTime = new DateTimeOffset(2026, 11, 23, 15, 12, 6, 789, TimeSpan.Zero),
        LockedUntil = new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero),
    };

    public async ValueTask DisposeAsync()
    {
        if (Host is not null)
            await Host.DisposeAsync();
        await Handler.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
