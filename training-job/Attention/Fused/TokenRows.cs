using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>
/// The memory of a tensor [batch, tokens, heads, channels], 32-bit floats, read as sequences: number b * heads + h holds the tokens of
/// head h of item b. The heads of a token lie side by side; between tokens there may be something else. Valid as long as the tensor is.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly unsafe struct TokenRows
{
    private readonly float* _first;
    private readonly nint _stride;
    private readonly int _heads;

    /// <exception cref="ArgumentException">The tensor is of another type, lies on another device or has other strides.</exception>
    public TokenRows(Tensor tensor, string name)
    {
        if (tensor.dtype != ScalarType.Float32 || tensor.device_type != TorchSharp.DeviceType.CPU || tensor.dim() != 4 || !HasRows(tensor))
            throw new ArgumentException($"{name} must be a tensor [batch, tokens, heads, channels] of 32-bit floats in the memory of the CPU, the heads of a token side by side.", name);
        Batch = (int)tensor.size(0);
        Tokens = (int)tensor.size(1);
        _heads = (int)tensor.size(2);
        Channels = (int)tensor.size(3);
        // Where it is contiguous, strides of dimensions of size 1 may be anything.
        _stride = tensor.is_contiguous() ? _heads * Channels : (nint)tensor.stride(1);
        using var start = tensor.as_strided([1], [1], tensor.storage_offset());
        fixed (byte* first = start.bytes)
            _first = (float*)first;
    }

    public int Batch { get; }
    public int Tokens { get; }
    public int Channels { get; }
    public int Sequences => Batch * _heads;

    /// <returns>The tensor where it can be read as rows, or a copy.</returns>
    public static Tensor Of(Tensor tensor) => HasRows(tensor) ? tensor.alias() : tensor.contiguous();

    /// <param name="sequence">batch item * heads + head.</param>
    public SequenceRows Sequence(int sequence) =>
        new(_first + ((nint)(sequence / _heads) * Tokens * _stride) + ((sequence % _heads) * Channels), _stride, Channels);

    private static bool HasRows(Tensor tensor)
    {
        if (tensor.is_contiguous())
            return true;
        var (shape, strides) = (tensor.shape, tensor.stride());
        return strides[3] == 1 && strides[2] == shape[3] && strides[1] >= shape[2] * shape[3] && strides[0] == shape[1] * strides[1];
    }
}

/// <summary>The tokens of one sequence of <see cref="TokenRows"/>.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly unsafe struct SequenceRows(float* first, nint stride, int channels)
{
    /// <summary>Rows to ask for before the one that is worked on: about what the memory needs to answer.</summary>
    public const int Ahead = 16;

    /// <value>From one token to the next, floats.</value>
    public nint Stride => stride;

    /// <summary>The channels of a token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Row(int token) => first + (token * stride);

    /// <summary>Asks for a token's row: tokens of a bucket lie far apart, and waiting for each costs more than the arithmetic.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(int token)
    {
        if (!Sse.IsSupported)
            return;
        var row = Row(token);
        for (var c = 0; c < channels; c += Lanes.Count)
            Sse.Prefetch0(row + c);
    }
}
