using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using CtSeg.Local.ServiceBus;
using CtSeg.Local.ServiceBus.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace CtSeg.ServiceBus.Tests;

/// <summary>One run of Microsoft's JavaScript client against our emulator; the tests read its findings.</summary>
public sealed class JudgeRun : IAsyncLifetime
{
    private static readonly string Folder = typeof(JudgeRun).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "JudgeFolder").Value!;

    private readonly Dictionary<string, string?> _errors = [];
    private string _output = "";

    /// <summary>Every check by name, in the order of the judge's files.</summary>
    public static IEnumerable<TheoryDataRow<string>> Names() =>
        Directory.GetFiles(Folder, "checks-*.mjs").Order(StringComparer.Ordinal)
            .SelectMany(File.ReadLines)
            .Where(line => line.StartsWith("check(\"", StringComparison.Ordinal))
            .Select(line => new TheoryDataRow<string>(line.Split('"')[1]));

    private static string Node => Environment.GetEnvironmentVariable("CTSEG_NODE") is { Length: > 0 } node ? node : "node";

    public async ValueTask InitializeAsync()
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules", "@azure", "service-bus")))
            throw new InvalidOperationException($"The judge is not installed: run ./ctseg test, or npm ci --ignore-scripts in {Folder}.");
        var configuration = await RunAsync(Node, ["judge.mjs", "--configuration"], connectionString: null);
        await using var emulator = await ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions(EmulatorConfig.Parse(configuration)), TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        _output = await RunAsync(Node, ["judge.mjs"], emulator.ConnectionString);
        using var summary = JsonDocument.Parse(_output.TrimEnd().Split('\n')[^1]);
        foreach (var result in summary.RootElement.GetProperty("results").EnumerateArray())
            _errors.Add(result.GetProperty("name").GetString()!, result.TryGetProperty("error", out var error) ? error.GetString() : null);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal int Count => _errors.Count;

    internal void ShouldHavePassed(string name)
    {
        _errors.ShouldContainKey(name, _output);
        _errors[name].ShouldBeNull();
    }

    private static async Task<string> RunAsync(string program, string[] arguments, string? connectionString)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment["SERVICEBUS_CONNECTION_STRING"] = connectionString;
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output;
    }
}

/// <summary>Every check of the judge as a test of its own.</summary>
public sealed class JudgeTests(JudgeRun run) : IClassFixture<JudgeRun>
{
    [Fact]
    public void Given_TheJudge_When_Run_Then_AllItsChecksWereFound()
    {
        run.Count.ShouldBeGreaterThanOrEqualTo(30);
        run.Count.ShouldBe(JudgeRun.Names().Count());
    }

    [Theory]
    [MemberData(nameof(JudgeRun.Names), MemberType = typeof(JudgeRun))]
    public void Given_MicrosoftsClient_When_ItUsesTheEmulator_Then_ItIsContent(string check) => run.ShouldHavePassed(check);
}
