using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>
/// The memory of a tensor [batch, tokens, heads, channels], 32-bit floats, read as sequences: number b * heads + h holds the tokens of
/// head h of item b. Valid as long as the tensor is.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly unsafe struct TokenRows
{
    private readonly float* _first;
    private readonly int _heads;

    /// <exception cref="ArgumentException">The tensor is of another type, lies on another device or is not contiguous.</exception>
    public TokenRows(Tensor tensor, string name)
    {
        if (tensor.dtype != ScalarType.Float32 || tensor.device_type != TorchSharp.DeviceType.CPU || tensor.dim() != 4 || !tensor.is_contiguous())
            throw new ArgumentException($"{name} must be a contiguous tensor [batch, tokens, heads, channels] of 32-bit floats in the memory of the CPU.", name);
        Batch = (int)tensor.size(0);
        Tokens = (int)tensor.size(1);
        _heads = (int)tensor.size(2);
        Channels = (int)tensor.size(3);
        fixed (byte* first = tensor.bytes)
            _first = (float*)first;
    }

    public int Batch { get; }
    public int Tokens { get; }
    public int Channels { get; }
    public int Sequences => Batch * _heads;

    /// <summary>The channels of a token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Row(int sequence, int token) =>
        _first + (((((nint)(sequence / _heads) * Tokens) + token) * _heads) + (sequence % _heads)) * Channels;
}
