using CtSeg.Local.Bench;

namespace CtSeg.EndToEnd.Tests.Harness;

/// <summary>Which processes belong to another one; Linux only.</summary>
internal static class ProcessTree
{
    /// <summary>Children and theirs.</summary>
    public static IReadOnlyList<int> Below(int process) =>
        [.. ProcessCpu.ChildrenOf(process).SelectMany(child => Below(child).Prepend(child))];

    /// <summary>Not even a zombie counts: init takes those whose parent is gone.</summary>
    public static bool IsRunning(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }
}
