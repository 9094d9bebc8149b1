using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using CtSeg.Local.Processes;

[assembly: AssemblyFixture(typeof(CtSeg.Local.Tests.AzuriteFixture))]

namespace CtSeg.Local.Tests;

/// <summary>One Azurite (in memory) for all tests of this assembly; each test takes container and queue names of its own.</summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    // The account and key that every storage emulator shares; published by its makers, no secret.
    private const string Account = "devstoreaccount1";
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private const int EmptyAccounts = 20;

    private readonly Lazy<Task> _start;
    private Process? _process;
    private int _blobPort;
    private int _queuePort;
    private int _names;
    private int _emptyAccounts;

    public AzuriteFixture() => _start = new Lazy<Task>(StartAsync);

    /// <summary>The connection string; starts Azurite at the first call.</summary>
    public Task<string> ConnectAsync() => ConnectAsync(Account);

    /// <summary>The connection string of an account in which no test has made anything.</summary>
    public Task<string> ConnectToEmptyAsync() => Interlocked.Increment(ref _emptyAccounts) is var number and <= EmptyAccounts
        ? ConnectAsync(EmptyAccount(number))
        : throw new InvalidOperationException($"All {EmptyAccounts} empty accounts are taken.");

    /// <summary>A name that no other test uses.</summary>
    public string Name(string kind) => $"{kind}{Interlocked.Increment(ref _names)}";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_process is null)
            return;
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static string EmptyAccount(int number) => $"empty{number}";

    private async Task<string> ConnectAsync(string account)
    {
        await _start.Value;
        return $"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={Key};BlobEndpoint=http://127.0.0.1:{_blobPort}/{account};QueueEndpoint=http://127.0.0.1:{_queuePort}/{account};";
    }

    private async Task StartAsync()
    {
        string script = FindScript();
        (_blobPort, _queuePort) = (LoopbackPort.FindFree(), LoopbackPort.FindFree());
        ProcessStartInfo info = new(Environment.GetEnvironmentVariable("CTSEG_NODE") ?? "node") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        string[] arguments =
        [
            script, "--blobHost", "127.0.0.1", "--blobPort", $"{_blobPort}", "--queueHost", "127.0.0.1", "--queuePort", $"{_queuePort}",
            "--tableHost", "127.0.0.1", "--tablePort", $"{LoopbackPort.FindFree()}", "--skipApiVersionCheck", "--disableTelemetry", "--silent", "--inMemoryPersistence",
        ];
        foreach (string argument in arguments)
            info.ArgumentList.Add(argument);
        info.Environment["AZURITE_ACCOUNTS"] = string.Join(';', Enumerable.Range(1, EmptyAccounts).Select(EmptyAccount).Prepend(Account).Select(account => $"{account}:{Key}"));
        _process = Process.Start(info) ?? throw new InvalidOperationException("node could not be started: install Node.js 20 or newer.");
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await Eventually.TrueAsync(() => Listens(_blobPort) && Listens(_queuePort), "Azurite listens", TimeSpan.FromSeconds(60));
    }

    private static bool Listens(int port)
    {
        using TcpClient client = new();
        try
        {
            client.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string FindScript()
    {
        if (Environment.GetEnvironmentVariable("CTSEG_AZURITE") is { Length: > 0 } given)
            return given;
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string script = Path.Combine(folder.FullName, "local/azurite/node_modules/azurite/dist/src/azurite.js");
            if (File.Exists(script))
                return script;
        }

        throw new FileNotFoundException("Azurite is missing: run 'npm ci --ignore-scripts --omit=dev' in local/azurite, or set CTSEG_AZURITE to azurite.js.");
    }
}
