using System.Globalization;
using System.Runtime.InteropServices;

namespace CtSeg.TrainingJob.Inference;

/// <summary>
/// Has the C library keep the memory that tensors give back. It would otherwise return every large block to the system,
/// and a network takes and gives the same blocks again and again: a third of a slice's time went into new pages.
/// </summary>
internal static partial class HeapMemory
{
    // malloc.h of glibc.
    private const int TrimThreshold = -1;
    private const int MmapThreshold = -3;
    // Small blocks settle in the gaps that large ones leave, and these then need new places: kept memory grows without an end.
    private const double MostOfNeeded = 1.5;

    private static bool _keeps;
    private static bool _justGaveBack = true;
    private static long _needed;

    /// <summary>
    /// Call before the first tensor. Does nothing where the C library is not glibc. Holds for the arena of the main thread: one
    /// that computes on another wants <c>MALLOC_ARENA_MAX=1</c> in its environment, since arenas exist by now.
    /// </summary>
    public static void Keep()
    {
        if (!OperatingSystem.IsLinux() || !NativeLibrary.TryLoad("libc.so.6", out var library) || !NativeLibrary.TryGetExport(library, "mallopt", out _))
            return;
        _ = SetOption(MmapThreshold, 1 << 30);
        _ = SetOption(TrimThreshold, int.MaxValue);
        _keeps = true;
    }

    /// <summary>
    /// Call after each slice or step: gives all free memory back once the process holds half as much again as it held after the first, or after the
    /// first since it gave back. Does nothing without <see cref="Keep"/>. For one thread.
    /// </summary>
    public static void Bound()
    {
        if (!_keeps)
            return;
        var resident = Resident();
        if (_justGaveBack)
            _needed = Math.Max(_needed, resident);
        _justGaveBack = resident > MostOfNeeded * _needed;
        if (_justGaveBack)
            _ = Trim(0);
    }

    /// <returns>Bytes; the second field of statm (proc(5)) counts pages.</returns>
    private static long Resident() =>
        long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    [LibraryImport("libc.so.6", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);

    [LibraryImport("libc.so.6", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint pad);
}
