using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Azure.Storage.Blobs;
using CtSeg.Configuration;
using CtSeg.Contracts;
using CtSeg.Local.Identity;
using CtSeg.Local.Processes;
using CtSeg.Local.ServiceBus;

namespace CtSeg.Local.Stack;

/// <summary>
/// Everything that Azure would run, as processes on this machine: Azurite, the Service Bus emulator, the Functions host
/// with the function app, and the job. None of them outlives this process.
/// </summary>
internal sealed partial class LocalStack : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);
    // Where nothing of it is read again Azurite need not end in order; else it has its tables to write.
    private static readonly TimeSpan StoragePatience = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan KeptStoragePatience = TimeSpan.FromSeconds(15);
    // The job finishes the slice it is at and gives the others back.
    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(25);

    private readonly StackOptions _options;
    private readonly TimeProvider _time;
    private readonly RunFolder _run;
    private LocalIdentity? _identity;
    private ChildProcess? _azurite;
    private ChildProcess? _emulator;
    private Supervisor? _host;
    private Supervisor? _job;
    private Supervisor? _retraining;
    private StorageFolder? _storageFolder;
    private StorageAccount? _storage;
    private ServiceBusNamespace? _serviceBus;
    private readonly string _functionKey = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
    private int _apiPort;

    private LocalStack(StackOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _apiPort = options.Ports.Api;
        _run = RunFolder.Create(options.Checkout.Runs, time);
    }

    public string Folder => _run.Path;
    public string AppFolder => _run.App;
    public string LogFolder => _run.Logs;
    public StorageAccount Storage => _storage ?? throw NotStarted();
    public ServiceBusNamespace ServiceBus => _serviceBus ?? throw NotStarted();
    /// <value>Key of the HTTP functions, as header <c>x-functions-key</c> or query <c>code</c>.</value>
    public string FunctionKey => _functionKey;

    /// <value>Null where programs have keys.</value>
    public LocalIdentity? Identity => _identity;

    public Uri Api => new($"http://127.0.0.1:{_apiPort}");
    public Supervisor Host => _host ?? throw NotStarted();
    public Supervisor Job => _job ?? throw NotStarted();
    /// <value>The job that retrains, where <see cref="StackOptions.Retrains"/>.</value>
    public Supervisor Retraining => _retraining ?? throw NotStarted();
    public ChildProcess Azurite => _azurite ?? throw NotStarted();
    public ChildProcess Emulator => _emulator ?? throw NotStarted();

    /// <exception cref="StartFailedException">A component did not come up; the message names it and its log.</exception>
    public static async Task<LocalStack> StartAsync(
        StackOptions options, IProgress<string>? progress, TimeProvider time, CancellationToken cancellationToken)
    {
        var stack = new LocalStack(options, time);
        try
        {
            await stack.StartAsync(progress, cancellationToken);
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    public BlobServiceClient OpenBlobs() => Storage.OpenBlobs();

    /// <summary>Ends with <see cref="StartFailedException"/> once a component is gone for good.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        var watched = new List<Task> { FailWhenGoneAsync(Azurite), FailWhenGoneAsync(Emulator), Host.Watching };
        if (_job is not null)
            watched.Add(_job.Watching);
        if (_retraining is not null)
            watched.Add(_retraining.Watching);
        var ended = await Task.WhenAny(watched).WaitAsync(cancellationToken);
        await ended;
    }

    /// <summary>Runs until the work is done, a component is gone for good, or somebody asks to stop.</summary>
    /// <exception cref="StartFailedException">A component is gone for good.</exception>
    public async Task WatchedAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = WatchAsync(ended.Token);
        var working = work(ended.Token);
        var first = await Task.WhenAny(working, watching);
        await ended.CancelAsync();
        await Task.WhenAll(working, watching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

    /// <summary>Starts the job where <see cref="StackOptions.StartJob"/> held it back.</summary>
    public void StartJob() => _job ??= new Supervisor(LaunchJob, _options.MaxCrashes, _time);

    /// <summary>Stops what was started, the producers first. Cancelling stops at once.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_host is not null)
            await _host.StopAsync(StopPatience, cancellationToken);
        await Task.WhenAll(
            _job?.StopAsync(DrainPatience, cancellationToken) ?? Task.CompletedTask,
            _retraining?.StopAsync(DrainPatience, cancellationToken) ?? Task.CompletedTask);
        if (_emulator is not null)
            await _emulator.StopAsync(StopPatience, _time, cancellationToken);
        if (_azurite is not null)
            await _azurite.StopAsync(_options.StorageFolder is null ? StoragePatience : KeptStoragePatience, _time, cancellationToken);
        _storageFolder?.Dispose();
    }

    /// <summary>Ends whatever still runs, at once.</summary>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await StopAsync(now.Token);
        if (_identity is not null)
            await _identity.DisposeAsync();
        _run.Dispose();
    }

    private static InvalidOperationException NotStarted() => new("This part of the stack was not started.");

    private async Task StartAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        progress?.Report("storage and Service Bus");
        if (_options.TokenLifetime is { } lifetime)
            _identity = await LocalIdentity.StartAsync(_run.At("identity"), lifetime, _time, cancellationToken);
        var storage = StartAzuriteAsync(cancellationToken);
        var serviceBus = StartEmulatorAsync(cancellationToken);
        try
        {
            await Task.WhenAll(storage, serviceBus);
        }
        finally
        {
            // Both are done, or the failed start disposes of the other.
            await Task.WhenAll(storage, serviceBus).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        _storage = await storage;
        _serviceBus = await serviceBus;
        progress?.Report("functions and job");
        await Storage.CreateContainersAsync(cancellationToken);
        await new ModelSeeds(Storage.OpenBlobs(), _time).SeedAsync(_options.Weights ?? _options.Checkout.Weights, cancellationToken);
        if (_options.StartJob)
            StartJob();
        if (_options.Retrains)
            _retraining = new Supervisor(LaunchRetraining, _options.MaxCrashes, _time);
        FunctionAppFolder.Prepare(_options.Checkout.FunctionsOutput, _run.App, FunctionSettings());
        await StartHostAsync(cancellationToken);
    }

    private async Task<StorageAccount> StartAzuriteAsync(CancellationToken cancellationToken)
    {
        var checkout = _options.Checkout;
        if (!File.Exists(checkout.Azurite))
            throw new StartFailedException($"Azurite is not installed: there is no {checkout.Azurite}. Run ./ctseg, which installs it.");
        _storageFolder = _options.StorageFolder is { } kept ? StorageFolder.Open(kept, _options.FreshStorage) : null;
        var data = _storageFolder?.Path ?? _run.At("storage");
        Directory.CreateDirectory(data);
        List<string> arguments =
        [
            "-r", checkout.AzuriteLifeline, checkout.Azurite,
            "--blobHost", "127.0.0.1", "--blobPort", Text(_options.Ports.Blob),
            "--queueHost", "127.0.0.1", "--queuePort", Text(_options.Ports.Queue),
            "--tableHost", "127.0.0.1", "--tablePort", "0",
            "--blobKeepAliveTimeout", "120", "--queueKeepAliveTimeout", "120",
            "--skipApiVersionCheck", "--disableTelemetry", "--silent",
        ];
        if (_identity is not null)
            arguments.AddRange(["--oauth", "basic", "--cert", _identity.Certificate.File, "--key", _identity.Certificate.KeyFile]);
        if (_options.StorageFolder is null)
            arguments.Add("--inMemoryPersistence");
        else
            arguments.AddRange(["--location", data]);
        var ports = new Announcements(AzuriteListening(), expected: 2);
        _azurite = ChildProcess.Start(
            new ChildCommand("Azurite", checkout.Node, arguments, _run.LogOf("azurite")) { WorkingDirectory = data }, (_, line) => ports.Read(line));
        var found = await ReadyAsync(_azurite, ports.Complete, cancellationToken);
        return new StorageAccount(found["Blob"], found["Queue"]) { Identity = _identity };
    }

    private async Task<ServiceBusNamespace> StartEmulatorAsync(CancellationToken cancellationToken)
    {
        var configuration = _run.At("servicebus.json");
        ServiceBusNamespace.WriteConfiguration(configuration, _options.LockDuration, _options.MaxDeliveryCount);
        var key = _identity is null ? Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) : null;
        List<string> arguments = ["servicebus", "--port", Text(_options.Ports.ServiceBus), "--config", configuration];
        if (_identity is not null)
            arguments.AddRange(["--require-token", _identity.TokenTrustFile, "--certificate", _identity.Certificate.File, "--certificate-key", _identity.Certificate.KeyFile]);
        var ports = new Announcements(Listening(), expected: 1);
        _emulator = ChildProcess.Start(
            new ChildCommand("The Service Bus emulator", _options.Checkout.LocalProgram, arguments, _run.LogOf("servicebus"))
            {
                Environment = key is null ? new Dictionary<string, string>() : new Dictionary<string, string> { [ServiceBusCommand.KeyVariable] = key },
            },
            (_, line) => ports.Read(line));
        var found = await ReadyAsync(_emulator, ports.Complete, cancellationToken);
        return new ServiceBusNamespace(found.Values.Single(), key);
    }

    private async Task StartHostAsync(CancellationToken cancellationToken)
    {
        // Not on the command line, which every user of the machine can read.
        SecretFile.Write(FunctionKeyFile, _functionKey);
        var ports = new Announcements(Listening(), expected: 1);
        _host = new Supervisor(() => LaunchHost(ports), _options.MaxCrashes, _time);
        var found = await ReadyAsync(_host.Current, ports.Complete, cancellationToken);
        // A host that is started again comes back at the same address.
        _apiPort = found.Values.Single();
    }

    private ChildProcess LaunchHost(Announcements ports)
    {
        List<string> arguments = ["host", "--app", _run.App, "--port", Text(_apiPort), "--key-file", FunctionKeyFile];
        if (_options.BlobPollingMs is { } polling)
            arguments.AddRange(["--blob-polling-ms", Text(polling)]);
        return ChildProcess.Start(
            new ChildCommand("The Functions host", _options.Checkout.LocalProgram, arguments, _run.LogOf("host"))
            {
                WorkingDirectory = _run.App,
                Environment = IdentityVariables,
            },
            (host, line) =>
            {
                if (Listening().IsMatch(line))
                    GiveWay(host);
                ports.Read(line);
            });
    }

    /// <summary>
    /// All but the jobs leave the cores to others first: a thread of the model that loses its core holds up the others too. Not before all are up, or on a
    /// busy machine they would not get there.
    /// </summary>
    /// <param name="host">That is up, the last of them; also one that was started again.</param>
    private void GiveWay(ChildProcess host)
    {
        Azurite.GiveWay();
        Emulator.GiveWay();
        host.GiveWay();
    }

    private ChildProcess LaunchJob()
    {
        // One arena of the C library: only the first one keeps the model's memory, and its thread would get another.
        var environment = JobEnvironment();
        environment.TryAdd("MALLOC_ARENA_MAX", "1");
        List<string> arguments =
        [
            "consume", "--batch", Text(_options.Batch), "--idle-seconds", Text((int)_options.JobIdle.TotalSeconds),
            // Kept and deleted with the storage: its address changes at each start, and may have been another's.
            "--state", _storageFolder?.JobState ?? _run.At("job-state"),
        ];
        if (_options.Model is { } model)
            arguments.AddRange(["--model", model]);
        return ChildProcess.Start(
            new ChildCommand("The job", _options.Checkout.JobProgram, arguments, _run.LogOf("job")) { Environment = environment });
    }

    private ChildProcess LaunchRetraining() => ChildProcess.Start(
        new ChildCommand(
            "The retraining job", _options.Checkout.JobProgram,
            ["retrain", "--idle-seconds", Text((int)_options.JobIdle.TotalSeconds), .. _options.RetrainArguments], _run.LogOf("retraining"))
        {
            // It lowers itself, as it does elsewhere; that it leads a session of its own, as all that are started here, lets it lower that too.
            Environment = JobEnvironment(),
        });

    /// <summary>What the jobs have in their environment.</summary>
    public Dictionary<string, string> JobEnvironment()
    {
        var environment = Connections();
        // As the jobs are deployed: addresses alone, and the identity that the libraries find.
        foreach (var connection in (string[])[Contracts.Connections.Host, Contracts.Connections.Slices, Contracts.Connections.ServiceBus])
        {
            environment.Remove(ConnectionSettings.Credential(connection));
            environment.Remove(ConnectionSettings.ClientId(connection));
        }
        foreach (var (name, value) in _options.JobEnvironment)
            environment[name] = value;
        return environment;
    }

    private Dictionary<string, string> FunctionSettings()
    {
        var settings = ConnectionsByName();
        settings[Settings.ReconcileSchedule] = Settings.DefaultReconcileSchedule;
        settings[Settings.RetrainingSchedule] = Settings.DefaultRetrainingSchedule;
        settings[Settings.TrainingRunsSchedule] = Settings.DefaultTrainingRunsSchedule;
        foreach (var (name, value) in _options.Settings)
            settings[name] = value;
        return settings;
    }

    /// <summary>How a program reaches this stack, by names of settings; what it is to have in its environment.</summary>
    public Dictionary<string, string> Connections() => new(ConnectionsByName().Concat(IdentityVariables));

    private Dictionary<string, string> ConnectionsByName() => new(
        Storage.SettingsOf(Contracts.Connections.Host)
            .Concat(Storage.SettingsOf(Contracts.Connections.Slices))
            .Concat(ServiceBus.SettingsOf(Contracts.Connections.ServiceBus, _identity?.ClientId)));

    private IReadOnlyDictionary<string, string> IdentityVariables => _identity?.Variables ?? new Dictionary<string, string>();

    private string FunctionKeyFile => _run.At("function.key");

    private async Task<IReadOnlyDictionary<string, int>> ReadyAsync(
        ChildProcess child, Task<IReadOnlyDictionary<string, int>> ready, CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAny(ready, child.Exited).WaitAsync(StartDeadline, _time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new StartFailedException($"{child.Command.Name} did not come up within {StartDeadline.TotalSeconds:0} s: if other programs keep this machine busy, try again when they are done; what it said is in {child.Command.LogFile}", e);
        }
        return ready.IsCompletedSuccessfully ? await ready : throw Gone(child, await child.Exited);
    }

    private static async Task FailWhenGoneAsync(ChildProcess child) => throw Gone(child, await child.Exited);

    private static StartFailedException Gone(ChildProcess child, int code)
    {
        var said = File.ReadLines(child.Command.LogFile).LastOrDefault(line => !string.IsNullOrWhiteSpace(line));
        return new StartFailedException($"{child.Command.Name} ended with code {code}{(said is null ? string.Empty : $" and the words \"{said.Trim()}\"")}; its log is {child.Command.LogFile}");
    }

    private static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex(@"Azurite (?<service>Blob|Queue) service is successfully listening at https?://127\.0\.0\.1:(?<port>\d+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AzuriteListening();

    [GeneratedRegex(@"^(host listening on http|Endpoint=sb)://127\.0\.0\.1:(?<port>\d+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Listening();
}
