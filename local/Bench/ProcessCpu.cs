using System.Globalization;

namespace CtSeg.Local.Bench;

/// <summary>CPU time that processes have used, from /proc (proc(5)); Linux only.</summary>
internal static class ProcessCpu
{
    // sysconf(_SC_CLK_TCK): 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>User and system time of all threads.</summary>
    public static TimeSpan Of(int process) => ReadStat($"/proc/{process}/stat").Cpu;

    /// <summary>Time of the threads of that name; a thread that starts others hands its name on to them.</summary>
    public static TimeSpan OfThreads(int process, string name)
    {
        var total = TimeSpan.Zero;
        foreach (var task in Directory.GetDirectories($"/proc/{process}/task"))
            if (File.ReadAllText(Path.Combine(task, "comm")).Trim() == name)
                total += ReadStat(Path.Combine(task, "stat")).Cpu;
        return total;
    }

    /// <summary>Resident memory, bytes.</summary>
    public static long ResidentBytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    public static IReadOnlyList<int> ChildrenOf(int parent)
    {
        var children = new List<int>();
        foreach (var folder in Directory.GetDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var process) && TryReadParent(process) == parent)
                children.Add(process);
        return children;
    }

    private static int? TryReadParent(int process)
    {
        try
        {
            return ReadStat($"/proc/{process}/stat").Parent;
        }
        catch (IOException)
        {
            // It ended meanwhile.
            return null;
        }
    }

    private static (int Parent, TimeSpan Cpu) ReadStat(string file)
    {
        var text = File.ReadAllText(file);
        // The name before may hold blanks and brackets: fields are counted from its end; the first is field 3.
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
        return (int.Parse(fields[1], CultureInfo.InvariantCulture), TimeSpan.FromSeconds(ticks / TicksPerSecond));
    }
}
