using System.Diagnostics;
using System.Reflection;

namespace CtSeg.Infrastructure.Tests.Bicep;

/// <summary>The Bicep compiler of the package that the project names.</summary>
internal static class BicepCompiler
{
    private static readonly string Program = typeof(BicepCompiler).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "Bicep").Value!;

    /// <value>Null where it runs; else why it does not.</value>
    public static string? Missing { get; } =
        OperatingSystem.IsLinux() && System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.X64
            ? null
            : "The Bicep compiler of the feed runs on Linux (x64) only.";

    /// <returns>Exit code and everything that was said; a good run says nothing.</returns>
    public static async Task<(int Code, string Output, string Said)> RunAsync(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        MakeRunnable();
        var start = new ProcessStartInfo(Program, arguments)
        {
            WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("AZURE_", StringComparison.Ordinal) || name.StartsWith("CTSEG_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var said = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await said);
    }

    /// <summary>Packages carry no permissions.</summary>
    private static void MakeRunnable()
    {
        if (!OperatingSystem.IsWindows() && !File.GetUnixFileMode(Program).HasFlag(UnixFileMode.UserExecute))
            File.SetUnixFileMode(Program, File.GetUnixFileMode(Program) | UnixFileMode.UserExecute);
    }
}
