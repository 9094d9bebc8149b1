using System.Globalization;

namespace CtSeg.Local.Stack;

/// <summary>
/// The files of one running stack: logs, settings, data. Held by a lock as long as the stack runs; the newest ended runs
/// are kept for their logs.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    private const int KeptRuns = 5;
    private const string LockName = "run.lock";
    private readonly FileStream _lock;

    private RunFolder(string path, FileStream @lock)
    {
        Path = path;
        _lock = @lock;
        Directory.CreateDirectory(Logs);
    }

    public string Path { get; }
    public string Logs => At("logs");
    public string App => At("app");

    /// <summary>Also deletes what older ended runs left.</summary>
    public static RunFolder Create(string runs, TimeProvider time)
    {
        Directory.CreateDirectory(runs);
        DeleteOld(runs);
        var stamp = time.GetLocalNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        for (var number = 1; ; number++)
        {
            var path = System.IO.Path.Combine(runs, $"{stamp}-{Environment.ProcessId}-{number}");
            Directory.CreateDirectory(path);
            if (TryLock(path) is { } held)
                return new RunFolder(path, held);
        }
    }

    public string At(string name) => System.IO.Path.Combine(Path, name);

    public string LogOf(string component) => System.IO.Path.Combine(Logs, component + ".log");

    public void Dispose() => _lock.Dispose();

    private static FileStream? TryLock(string path)
    {
        try
        {
            return new FileStream(System.IO.Path.Combine(path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void DeleteOld(string runs)
    {
        foreach (var path in Directory.GetDirectories(runs).OrderDescending(StringComparer.Ordinal).Skip(KeptRuns))
        {
            using var held = TryLock(path);
            if (held is null)
                continue;
            try
            {
                Directory.Delete(path, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another starting stack deletes it too; what is left goes at the next start.
            }
        }
    }
}
