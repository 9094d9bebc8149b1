using System.Runtime.InteropServices;

namespace CtSeg.TrainingJob.Inference;

/// <summary>The one failure within the tensor library that its user can do something about. It throws the same type for all of them: the text tells.</summary>
internal static class OutOfMemory
{
    public const string Message = "There is not enough memory: choose a smaller network, input size or batch, or a machine that has more.";

    // Of its allocators on the CPU and with CUDA, of CUDA's libraries, and of C++.
    private static readonly string[] Texts = ["DefaultCPUAllocator: ", "CUDA out of memory", "CUDA error: out of memory", "STATUS_ALLOC_FAILED", "std::bad_alloc"];

    public static bool Is(Exception exception) => exception is OutOfMemoryException
        || (exception is ExternalException && Texts.Any(text => exception.Message.Contains(text, StringComparison.Ordinal)));
}
