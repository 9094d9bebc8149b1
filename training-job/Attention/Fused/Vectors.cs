using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>Products of a few rows with a block that lies in the cache, 16 columns at a time.</summary>
internal static unsafe class Vectors
{
    /// <summary>Rows that are computed together: each load of the block serves all of them.</summary>
    public const int Rows = 4;

    /// <summary>Columns that are computed together; buffers are padded to it.</summary>
    public const int Columns = 16;

    private const int Half = Columns / 2;

    public static int Padded(int count) => (count + Columns - 1) / Columns * Columns;

    /// <summary>result[r, j] = sum_d rows[r][d] * block[d, j] for j from 0 to count, rounded up to 16.</summary>
    public static void Multiply(
        float* row0, float* row1, float* row2, float* row3, int depth, float* block, nint blockStride, int count, float* result, nint resultStride)
    {
        for (var j = 0; j < count; j += Columns)
        {
            Vector256<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
            var column = block + j;
            for (var d = 0; d < depth; d++)
            {
                var left = Vector256.Load(column);
                var right = Vector256.Load(column + Half);
                var factor = Vector256.Create(row0[d]);
                a0 = Vector256.FusedMultiplyAdd(factor, left, a0);
                a1 = Vector256.FusedMultiplyAdd(factor, right, a1);
                factor = Vector256.Create(row1[d]);
                b0 = Vector256.FusedMultiplyAdd(factor, left, b0);
                b1 = Vector256.FusedMultiplyAdd(factor, right, b1);
                factor = Vector256.Create(row2[d]);
                c0 = Vector256.FusedMultiplyAdd(factor, left, c0);
                c1 = Vector256.FusedMultiplyAdd(factor, right, c1);
                factor = Vector256.Create(row3[d]);
                d0 = Vector256.FusedMultiplyAdd(factor, left, d0);
                d1 = Vector256.FusedMultiplyAdd(factor, right, d1);
                column += blockStride;
            }
            Store(a0, a1, result + j);
            Store(b0, b1, result + resultStride + j);
            Store(c0, c1, result + (2 * resultStride) + j);
            Store(d0, d1, result + (3 * resultStride) + j);
        }
    }

    /// <summary>result[r, c] = sum_j weights[r, j] * block[j, c] for c from 0 to <paramref name="channels"/>, a multiple of 16.</summary>
    public static void WeightedSum(
        float* weights, nint weightStride, int count, float* block, int channels, float* result)
    {
        for (var c = 0; c < channels; c += Columns)
        {
            Vector256<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
            var row = block + c;
            for (var j = 0; j < count; j++)
            {
                var left = Vector256.Load(row);
                var right = Vector256.Load(row + Half);
                var factor = Vector256.Create(weights[j]);
                a0 = Vector256.FusedMultiplyAdd(factor, left, a0);
                a1 = Vector256.FusedMultiplyAdd(factor, right, a1);
                factor = Vector256.Create(weights[weightStride + j]);
                b0 = Vector256.FusedMultiplyAdd(factor, left, b0);
                b1 = Vector256.FusedMultiplyAdd(factor, right, b1);
                factor = Vector256.Create(weights[(2 * weightStride) + j]);
                c0 = Vector256.FusedMultiplyAdd(factor, left, c0);
                c1 = Vector256.FusedMultiplyAdd(factor, right, c1);
                factor = Vector256.Create(weights[(3 * weightStride) + j]);
                d0 = Vector256.FusedMultiplyAdd(factor, left, d0);
                d1 = Vector256.FusedMultiplyAdd(factor, right, d1);
                row += channels;
            }
            Store(a0, a1, result + c);
            Store(b0, b1, result + channels + c);
            Store(c0, c1, result + (2 * channels) + c);
            Store(d0, d1, result + (3 * channels) + c);
        }
    }

    /// <summary>block[j, c] += sum_r weights[r, j] * rows[r][c].</summary>
    public static void AddOuter(
        float* weights, nint weightStride, int count, float* row0, float* row1, float* row2, float* row3, float* block, int channels)
    {
        for (var c = 0; c < channels; c += Columns)
        {
            Vector256<float> a0 = Vector256.Load(row0 + c), a1 = Vector256.Load(row0 + c + Half);
            Vector256<float> b0 = Vector256.Load(row1 + c), b1 = Vector256.Load(row1 + c + Half);
            Vector256<float> c0 = Vector256.Load(row2 + c), c1 = Vector256.Load(row2 + c + Half);
            Vector256<float> d0 = Vector256.Load(row3 + c), d1 = Vector256.Load(row3 + c + Half);
            var target = block + c;
            for (var j = 0; j < count; j++)
            {
                var left = Vector256.Load(target);
                var right = Vector256.Load(target + Half);
                var factor = Vector256.Create(weights[j]);
                left = Vector256.FusedMultiplyAdd(factor, a0, left);
                right = Vector256.FusedMultiplyAdd(factor, a1, right);
                factor = Vector256.Create(weights[weightStride + j]);
                left = Vector256.FusedMultiplyAdd(factor, b0, left);
                right = Vector256.FusedMultiplyAdd(factor, b1, right);
                factor = Vector256.Create(weights[(2 * weightStride) + j]);
                left = Vector256.FusedMultiplyAdd(factor, c0, left);
                right = Vector256.FusedMultiplyAdd(factor, c1, right);
                factor = Vector256.Create(weights[(3 * weightStride) + j]);
                left = Vector256.FusedMultiplyAdd(factor, d0, left);
                right = Vector256.FusedMultiplyAdd(factor, d1, right);
                Store(left, right, target);
                target += channels;
            }
        }
    }

    /// <summary>
    /// exp for arguments up to 0, within 2 units in the last place; 0 below -87. Range reduction by ln 2 in two parts and the polynomial of
    /// Cephes' expf (S. Moshier).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> x)
    {
        var representable = Vector256.GreaterThanOrEqual(x, Vector256.Create(-87f));
        x = Vector256.MaxNative(x, Vector256.Create(-87f));
        var power = Vector256.Round(x * 1.44269504088896341f);
        var rest = Vector256.FusedMultiplyAdd(power, Vector256.Create(-0.693359375f), x);
        rest = Vector256.FusedMultiplyAdd(power, Vector256.Create(2.12194440e-4f), rest);
        var polynomial = Vector256.Create(1.9875691500e-4f);
        polynomial = Vector256.FusedMultiplyAdd(polynomial, rest, Vector256.Create(1.3981999507e-3f));
        polynomial = Vector256.FusedMultiplyAdd(polynomial, rest, Vector256.Create(8.3334519073e-3f));
        polynomial = Vector256.FusedMultiplyAdd(polynomial, rest, Vector256.Create(4.1665795894e-2f));
        polynomial = Vector256.FusedMultiplyAdd(polynomial, rest, Vector256.Create(1.6666665459e-1f));
        polynomial = Vector256.FusedMultiplyAdd(polynomial, rest, Vector256.Create(5.0000001201e-1f));
        polynomial = Vector256.FusedMultiplyAdd(polynomial, rest * rest, rest + Vector256<float>.One);
        var scale = Vector256.ShiftLeft(Vector256.ConvertToInt32Native(power) + Vector256.Create(127), 23).AsSingle();
        return polynomial * scale & representable.AsSingle();
    }

    /// <summary>Asks for a row that will be read soon: tokens of a bucket lie far apart, and waiting for each costs more than the arithmetic.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* row, int channels)
    {
        if (!Sse.IsSupported)
            return;
        for (var c = 0; c < channels; c += Columns)
            Sse.Prefetch0(row + c);
    }

    /// <summary>target[c] = target[c] * keep + source[c] * add.</summary>
    public static void Combine(float* target, float keep, float* source, float add, int channels)
    {
        var c = 0;
        for (; c + Half <= channels; c += Half)
            ((Vector256.Load(target + c) * keep) + (Vector256.Load(source + c) * add)).Store(target + c);
        for (; c < channels; c++)
            target[c] = (target[c] * keep) + (source[c] * add);
    }

    /// <summary>target[c] += source[c] * factor.</summary>
    public static void Add(float* target, float* source, float factor, int channels)
    {
        var c = 0;
        for (; c + Half <= channels; c += Half)
            Vector256.FusedMultiplyAdd(Vector256.Load(source + c), Vector256.Create(factor), Vector256.Load(target + c)).Store(target + c);
        for (; c < channels; c++)
            target[c] = MathF.FusedMultiplyAdd(source[c], factor, target[c]);
    }

    /// <summary>target[c] = source[c] * factor.</summary>
    public static void Scale(float* source, float* target, int channels, float factor)
    {
        var c = 0;
        for (; c + Half <= channels; c += Half)
            (Vector256.Load(source + c) * factor).Store(target + c);
        for (; c < channels; c++)
            target[c] = source[c] * factor;
    }

    /// <returns>The sum of left[c] * right[c].</returns>
    public static float Dot(float* left, float* right, int channels)
    {
        var c = 0;
        var sums = Vector256<float>.Zero;
        for (; c + Half <= channels; c += Half)
            sums = Vector256.FusedMultiplyAdd(Vector256.Load(left + c), Vector256.Load(right + c), sums);
        var sum = Vector256.Sum(sums);
        for (; c < channels; c++)
            sum += left[c] * right[c];
        return sum;
    }

    /// <returns>0, or NaN where the row holds NaN or infinity.</returns>
    public static float Residue(float* row, int channels)
    {
        var c = 0;
        var residues = Vector256<float>.Zero;
        for (; c + Half <= channels; c += Half)
            residues = Vector256.FusedMultiplyAdd(Vector256.Load(row + c), Vector256<float>.Zero, residues);
        var residue = Vector256.Sum(residues);
        for (; c < channels; c++)
            residue += row[c] * 0;
        return residue;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<float> left, Vector256<float> right, float* target)
    {
        left.Store(target);
        right.Store(target + Half);
    }
}
