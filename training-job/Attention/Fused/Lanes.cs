using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>
/// 16 floats in two registers of 8. Four of them as sums keep both multipliers of a core busy and leave registers for what is added, also where there
/// are only 16. <see cref="Vector512{T}"/> is left alone: without AVX-512 its operations are calls that go through memory, and processors that halve it anyway
/// gain nothing from it.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe struct Lanes(Vector256<float> low, Vector256<float> high)
{
    public const int Count = 16;
    private const int Half = Count / 2;

    private readonly Vector256<float> _low = low;
    private readonly Vector256<float> _high = high;

    public static Lanes Zero => default;

    public static Lanes One => Create(1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Create(float value)
    {
        var all = Vector256.Create(value);
        return new Lanes(all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Load(float* source) => new(Vector256.Load(source), Vector256.Load(source + Half));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* target)
    {
        _low.Store(target);
        _high.Store(target + Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes operator +(Lanes a, Lanes b) => new(a._low + b._low, a._high + b._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes operator -(Lanes a, Lanes b) => new(a._low - b._low, a._high - b._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes operator *(Lanes a, Lanes b) => new(a._low * b._low, a._high * b._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes operator *(Lanes a, float b) => new(a._low * b, a._high * b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes operator /(Lanes a, Lanes b) => new(a._low / b._low, a._high / b._high);

    /// <summary>Bit by bit: keeps the lanes of a mask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes operator &(Lanes a, Lanes b) => new(a._low & b._low, a._high & b._high);

    /// <returns>factor * value + sum, rounded once.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes MultiplyAdd(Lanes factor, Lanes value, Lanes sum) => new(
        Vector256.FusedMultiplyAdd(factor._low, value._low, sum._low), Vector256.FusedMultiplyAdd(factor._high, value._high, sum._high));

    /// <returns>factor * value + sum, rounded once.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes MultiplyAdd(float factor, Lanes value, Lanes sum)
    {
        var all = Vector256.Create(factor);
        return new Lanes(Vector256.FusedMultiplyAdd(all, value._low, sum._low), Vector256.FusedMultiplyAdd(all, value._high, sum._high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Max(Lanes a, Lanes b) => new(Vector256.MaxNative(a._low, b._low), Vector256.MaxNative(a._high, b._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Sqrt(Lanes a) => new(Vector256.Sqrt(a._low), Vector256.Sqrt(a._high));

    /// <returns>A mask, all bits of a lane or none, of those whose integer is <paramref name="own"/> or one less.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes AtOrOneBefore(int own, int* integers)
    {
        var all = Vector256.Create(own);
        return new Lanes(IsAtMostOne(all - Vector256.Load(integers)), IsAtMostOne(all - Vector256.Load(integers + Half)));
    }

    /// <returns>A mask of the lanes before <paramref name="end"/>, but for one, which need not exist.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes BeforeExcept(int end, int one) => new(
        BeforeExcept(Vector256<int>.Indices, end, one), BeforeExcept(Vector256<int>.Indices + Vector256.Create(Half), end, one));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Select(Lanes mask, Lanes where, Lanes elsewhere) => new(
        Vector256.ConditionalSelect(mask._low, where._low, elsewhere._low), Vector256.ConditionalSelect(mask._high, where._high, elsewhere._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes a) => Vector256.Sum(a._low + a._high);

    /// <summary>2^x for arguments up to 0, with a relative error below 2^-22; at most 2^-126 below -126.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes PowerOfTwo(Lanes x) => new(PowerOfTwo(x._low), PowerOfTwo(x._high));

    /// <remarks>
    /// The polynomial has the least relative error of its degree from -0.5 to 0.5 (7.5e-8, found by Remez' exchange), but for its constant, which is 1.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> PowerOfTwo(Vector256<float> x)
    {
        // Keeps -infinity a number to subtract from.
        x = Vector256.MaxNative(x, Vector256.Create(-200f));
        var power = Vector256.Round(x);
        var rest = x - power;
        var polynomial = Vector256.Create(1.3276472454890609e-3f);
        polynomial = Vector256.FusedMultiplyAdd(polynomial, rest, Vector256.Create(9.675540961325169e-3f));
        polynomial = Vector256.FusedMultiplyAdd(polynomial, rest, Vector256.Create(5.550713092088699e-2f));
        polynomial = Vector256.FusedMultiplyAdd(polynomial, rest, Vector256.Create(2.4022120237350464e-1f));
        polynomial = Vector256.FusedMultiplyAdd(polynomial, rest, Vector256.Create(6.931469440460205e-1f));
        polynomial = Vector256.FusedMultiplyAdd(polynomial, rest, Vector256<float>.One);
        if (Avx512F.VL.IsSupported)
            return Avx512F.VL.Scale(polynomial, power);
        var representable = Vector256.GreaterThanOrEqual(x, Vector256.Create(-126f));
        var scale = Vector256.ShiftLeft(Vector256.ConvertToInt32Native(power) + Vector256.Create(127), 23).AsSingle();
        return polynomial * scale & representable;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> IsAtMostOne(Vector256<int> difference) =>
        Vector256.LessThanOrEqual(difference.AsUInt32(), Vector256<uint>.One).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> BeforeExcept(Vector256<int> numbers, int end, int one) =>
        (Vector256.LessThan(numbers, Vector256.Create(end)) & ~Vector256.Equals(numbers, Vector256.Create(one))).AsSingle();
}
