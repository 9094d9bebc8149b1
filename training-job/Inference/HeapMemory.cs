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

    // sys/mman.h of Linux.
    private const int HugePage = 14;
    private const nint HugePageSize = 2 << 20;
    private const nint InHugePages = 1000 << 20;

    /// <summary>
    /// Call before the first tensor. Does nothing where the C library is not glibc. Holds for the arena of the main thread: one
    /// that computes on another wants <c>MALLOC_ARENA_MAX=1</c> in its environment, since arenas exist by now.
    /// </summary>
    public static void Keep()
    {
        if (!IsGlibc())
            return;
        _ = SetOption(MmapThreshold, 1 << 30);
        _ = SetOption(TrimThreshold, int.MaxValue);
        PreferHugePages();
    }

    /// <summary>Gives all free memory back to the system once; it is kept again from then on.</summary>
    public static void GiveBack()
    {
        if (!IsGlibc())
            return;
        _ = Trim(0);
        PreferHugePages();
    }

    /// <summary>
    /// Call after each slice or step: frees the few hundred bytes of native memory that wait for a finaliser. They lie where large blocks were,
    /// which then need other places: without this a process that segments grows by 10 MiB a slice, with it not at all, for half a millisecond.
    /// </summary>
    public static void FreeForgotten()
    {
        GC.Collect(1, GCCollectionMode.Forced, blocking: true);
        GC.WaitForPendingFinalizers();
    }

    private static bool IsGlibc() =>
        OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out var library) && NativeLibrary.TryGetExport(library, "mallopt", out _);

    /// <summary>
    /// What the heap grows into first shall come in pages of 2 MiB: the attention reads rows far apart, and finding 4 KiB pages takes time.
    /// Addresses only: no memory is used before something is written there.
    /// </summary>
    private static void PreferHugePages()
    {
        var block = Allocate(InHugePages);
        if (block == 0)
            return;
        var first = (block + HugePageSize - 1) / HugePageSize * HugePageSize;
        // Where the system has no huge pages, small ones serve.
        _ = Advise(first, block + InHugePages - first, HugePage);
        Free(block);
    }

    [LibraryImport("libc.so.6", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);

    [LibraryImport("libc.so.6", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint kept);

    [LibraryImport("libc.so.6", EntryPoint = "malloc")]
    private static partial nint Allocate(nint size);

    [LibraryImport("libc.so.6", EntryPoint = "free")]
    private static partial void Free(nint block);

    [LibraryImport("libc.so.6", EntryPoint = "madvise")]
    private static partial int Advise(nint first, nint length, int advice);
}
