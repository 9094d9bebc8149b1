namespace CtSeg.Local.Stack;

/// <summary>Ports on 127.0.0.1; 0 takes a free one.</summary>
internal sealed record StackPorts(int Blob = 0, int Queue = 0, int ServiceBus = 0, int Api = 0);

/// <summary>How a stack on this machine is set up.</summary>
internal sealed record StackOptions(Checkout Checkout)
{
    /// <value>Folder of one model; null for the one that <c>models/current.json</c> names.</value>
    public string? Model { get; init; }

    public StackPorts Ports { get; init; } = new();

    /// <value>Folder with one folder a model and <c>current.json</c>, put into an empty storage; null for the shipped one.</value>
    public string? Weights { get; init; }

    /// <value>Where blobs are kept for the next stack; null for memory.</value>
    public string? StorageFolder { get; init; }

    /// <value>Whether what is kept there is deleted first.</value>
    public bool FreshStorage { get; init; }

    /// <value>Whether a job waits for training runs.</value>
    public bool Retrains { get; init; }

    /// <value>Further arguments of that job.</value>
    public IReadOnlyList<string> RetrainArguments { get; init; } = [];

    /// <value>How long the tokens live with which programs enter storage and Service Bus; null where they have keys instead.</value>
    public TimeSpan? TokenLifetime { get; init; }

    /// <value>How often the Functions host looks for new blobs; null for the host's default.</value>
    public int? BlobPollingMs { get; init; }

    /// <value>How long a received message stays with its receiver.</value>
    public TimeSpan LockDuration { get; init; } = TimeSpan.FromMinutes(1);

    /// <value>Deliveries of a request before it is dead-lettered.</value>
    public int MaxDeliveryCount { get; init; } = 10;

    /// <value>Messages the job takes at a time.</value>
    public int Batch { get; init; } = 8;

    /// <value>Idle time after which a job ends, to be started again.</value>
    public TimeSpan JobIdle { get; init; } = TimeSpan.FromHours(1);

    /// <value>Further settings of the functions, by name.</value>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <value>Further environment of the jobs.</value>
    public IReadOnlyDictionary<string, string> JobEnvironment { get; init; } = new Dictionary<string, string>();

    /// <summary>Has functions and jobs find these in their environment, too.</summary>
    public StackOptions WithEnvironment(IReadOnlyDictionary<string, string> added) => this with
    {
        Settings = Settings.Concat(added).ToDictionary(),
        JobEnvironment = JobEnvironment.Concat(added).ToDictionary(),
    };

    /// <value>Crashes of host or of a job within half a minute after which the stack gives up.</value>
    public int MaxCrashes { get; init; } = Processes.Supervisor.DefaultMaxCrashes;

    /// <value>Whether the job runs from the start; tests start it late on purpose.</value>
    public bool StartJob { get; init; } = true;
}
