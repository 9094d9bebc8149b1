using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Tensors;

/// <summary>The memory that the tensor library takes next.</summary>
internal static class FreedMemory
{
    /// <summary>Leaves NaN in blocks of many sizes: whoever reads more than was written has it in the result.</summary>
    public static void FillWithNaN()
    {
        var tensors = new List<Tensor>();
        for (var size = 16; size < 2_000_000; size = size * 4 / 3)
            tensors.AddRange(Enumerable.Range(0, 6).Select(_ => full(size, float.NaN)));
        tensors.ForEach(tensor => tensor.Dispose());
    }
}
