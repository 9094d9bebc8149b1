using System.Diagnostics;
using CtSeg.Local.Processes;

namespace CtSeg.Local.Testing;

/// <summary>One built test program (xunit v3: an executable of its own), or a part of its tests.</summary>
internal sealed record TestProgram(string Name, string FileName)
{
    /// <summary>The runner's options that leave only this part; none for all tests.</summary>
    public IReadOnlyList<string> Part { get; init; } = [];

    /// <summary>Those of a few folders, and all others: both together are the whole.</summary>
    /// <param name="folders">Namespaces below the program's own.</param>
    public IEnumerable<TestProgram> Split(IReadOnlyList<string> folders)
    {
        yield return this with { Name = $"{Name}.{string.Join('-', folders)}", Part = Options("-namespace") };
        yield return this with { Name = $"{Name}.Rest", Part = Options("-namespace-") };

        string[] Options(string option) => [.. folders.SelectMany(folder => new[] { option, $"{Name}.{folder}*" })];
    }

    /// <summary>Every project below the folder of tests.</summary>
    /// <exception cref="StartFailedException">A project was not built.</exception>
    public static IReadOnlyList<TestProgram> FindAll(string tests)
    {
        var exe = OperatingSystem.IsWindows() ? ".exe" : string.Empty;
        var programs = new List<TestProgram>();
        foreach (var project in Directory.GetFiles(tests, "*.Tests.csproj", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileNameWithoutExtension(project);
            var output = Path.Combine(Path.GetDirectoryName(project)!, "bin", "Release", "net10.0");
            var built = Directory.Exists(output) ? Directory.GetFiles(output, name + exe, SearchOption.AllDirectories) : [];
            if (built is not [var file, ..])
                throw new StartFailedException($"{name} was not built: there is no such program below {output}. Run ./ctseg test, which builds it.");
            programs.Add(new TestProgram(name, file));
        }
        return programs;
    }

    /// <summary>Runs it; its whole output goes to a log file.</summary>
    /// <param name="filter">Part of a test's full name; null for all.</param>
    /// <param name="all">Whether tests of the category Slow run too.</param>
    public async Task<TestOutcome> RunAsync(string logFolder, string? filter, bool all, CancellationToken cancellationToken)
    {
        var report = Path.Combine(logFolder, Name + ".ctrf.json");
        var log = Path.Combine(logFolder, Name + ".log");
        File.Delete(report);
        File.Delete(log);
        List<string> arguments = ["-noLogo", "-noColor", "-result-ctrf", report, .. Part];
        if (!all)
            arguments.AddRange(["-trait-", "Category=Slow"]);
        if (filter is not null)
            arguments.AddRange(["-method", $"*{filter}*"]);
        var started = Stopwatch.GetTimestamp();
        await using var child = ChildProcess.Start(new ChildCommand(Name, FileName, arguments, log) { WorkingDirectory = Path.GetDirectoryName(FileName) });
        var code = await child.Exited.WaitAsync(cancellationToken);
        return TestOutcome.Read(this, report, log, code, Stopwatch.GetElapsedTime(started), mayBeEmpty: filter is not null);
    }
}
