using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using StreamJsonRpc;

namespace CtSeg.Infrastructure.Tests.Bicep;

/// <summary>The Bicep compiler of the package that the project names, as a server: a start costs more than most of its answers.</summary>
internal static class BicepCompiler
{
    private const string Subscription = "00000000-0000-0000-0000-000000000000";

    /// <summary>Object ids that stand for groups of people, by the group; infra-bicep/README.md has them for whoever writes the snapshots.</summary>
    public static readonly IReadOnlyDictionary<string, string> Groups = new Dictionary<string, string>
    {
        ["uploaders"] = "00000000-0000-0000-0000-0000000000a1", ["operators"] = "00000000-0000-0000-0000-0000000000a2",
    };

    /// <summary>
    /// What parameter files read, of all that they may: the snapshots have groups of people and signed models in them; without contacts some
    /// parameter files refuse, without an image there is no container app.
    /// </summary>
    public static readonly IReadOnlyDictionary<string, string> Variables = new Dictionary<string, string>
    {
        ["CTSEG_UPLOADERS_GROUP"] = Groups["uploaders"], ["CTSEG_OPERATORS_GROUP"] = Groups["operators"], ["CTSEG_TRUSTED_MODEL_KEYS"] = "trusted", ["CTSEG_SIGN_MODELS"] = "true",
        ["CTSEG_ALERT_CONTACTS"] = "operators@example.org", ["CTSEG_BUDGET_START"] = "2026-12-01", ["CTSEG_FUNCTIONS_IMAGE"] = "registry.example.org/ctseg-functions:1",
    };

    private static readonly string Program = typeof(BicepCompiler).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "Bicep").Value!;
    private static readonly Lazy<JsonRpc> Server = new(Start);

    public static string Version { get; } = typeof(BicepCompiler).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "BicepVersion").Value!;

    /// <value>Null where it runs; else why it does not.</value>
    public static string? Missing { get; } =
        OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64 ? null : "The Bicep compiler of the feed runs on Linux (x64) only.";

    /// <returns>All that it says of a file and the modules below it, warnings too: one that is good is not mentioned.</returns>
    public static async Task<IReadOnlyList<string>> LintAsync(string file)
    {
        var isParameters = file.EndsWith(".bicepparam", StringComparison.Ordinal);
        var answer = isParameters
            ? await Server.Value.InvokeWithParameterObjectAsync<Compiled>("bicep/compileParams", new { path = file, parameterOverrides = new { } })
            : await Server.Value.InvokeWithParameterObjectAsync<Compiled>("bicep/compile", new { path = file });
        return [.. answer.Diagnostics.Select(said => $"{Path.GetFileName(said.Source)}({said.Range.Start.Line + 1}): {said.Level} {said.Code}: {said.Message}")];
    }

    /// <param name="resourceGroup">Of a template for one; null for those of a subscription.</param>
    /// <returns>What a parameter file would deploy, as JSON.</returns>
    /// <exception cref="RemoteInvocationException">It cannot be foretold, for example since it does not compile.</exception>
    public static async Task<string> ForetellAsync(string parameters, string? resourceGroup) =>
        (await Server.Value.InvokeWithParameterObjectAsync<Foretold>("bicep/getSnapshot", new
        {
            path = parameters,
            metadata = new { tenantId = (string?)null, subscriptionId = Subscription, resourceGroup, location = "swedencentral", deploymentName = (string?)null },
            externalInputs = (object?)null,
        })).Snapshot;

    /// <summary>It ends with this process, whose end closes its input.</summary>
    private static JsonRpc Start()
    {
        // Packages carry no permissions.
        if (!OperatingSystem.IsWindows() && !File.GetUnixFileMode(Program).HasFlag(UnixFileMode.UserExecute))
            File.SetUnixFileMode(Program, File.GetUnixFileMode(Program) | UnixFileMode.UserExecute);
        var start = new ProcessStartInfo(Program, ["jsonrpc", "--stdio"]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        // Parameter files read these: what is not said above is what it is by default.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("AZURE_", StringComparison.Ordinal) || name.StartsWith("CTSEG_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in Variables)
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        var rpc = new JsonRpc(process.StandardInput.BaseStream, process.StandardOutput.BaseStream);
        rpc.StartListening();
        return rpc;
    }

    private sealed record Compiled(bool Success, IReadOnlyList<Diagnostic> Diagnostics);

    private sealed record Diagnostic(string Source, Span Range, string Level, string Code, string Message);

    private sealed record Span(Position Start, Position End);

    private sealed record Position(int Line, int Char);

    private sealed record Foretold(string Snapshot);
}
