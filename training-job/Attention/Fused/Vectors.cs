using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>
/// Products of a few rows with a block that lies in the cache. Vectors have 16 lanes; a processor without AVX-512 computes each as two
/// halves.
/// </summary>
internal static unsafe class Vectors
{
    /// <summary>Rows that are computed together: each load of the block serves all of them.</summary>
    public const int Rows = 4;

    /// <summary>Lanes of a vector; buffers are padded to it.</summary>
    public const int Lanes = 16;

    public static int Padded(int count) => (count + Lanes - 1) / Lanes * Lanes;

    /// <summary>sum_d rows[r, d] * block[d, 0 to 15] for four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(
        float* rows, nint rowStride, int depth, float* block, nint blockStride,
        out Vector512<float> a, out Vector512<float> b, out Vector512<float> c, out Vector512<float> d)
    {
        a = b = c = d = Vector512<float>.Zero;
        for (var end = rows + depth; rows < end; rows++)
        {
            var values = Vector512.Load(block);
            a = Vector512.FusedMultiplyAdd(Vector512.Create(rows[0]), values, a);
            b = Vector512.FusedMultiplyAdd(Vector512.Create(rows[rowStride]), values, b);
            c = Vector512.FusedMultiplyAdd(Vector512.Create(rows[2 * rowStride]), values, c);
            d = Vector512.FusedMultiplyAdd(Vector512.Create(rows[3 * rowStride]), values, d);
            block += blockStride;
        }
    }

    /// <summary>result[r, j] = sum_d rows[r, d] * block[d, j] for four rows and j from 0 to count, rounded up to 16.</summary>
    public static void Multiply(
        float* rows, nint rowStride, int depth, float* block, nint blockStride, int count, float* result, nint resultStride)
    {
        var row0 = rows;
        var row1 = row0 + rowStride;
        var row2 = row1 + rowStride;
        var row3 = row2 + rowStride;
        var j = 0;
        // Two vectors of columns keep both multipliers busy, where there are registers for them.
        for (; Vector512.IsHardwareAccelerated && j + Lanes < count; j += 2 * Lanes)
        {
            Vector512<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
            var column = block + j;
            for (var d = 0; d < depth; d++)
            {
                var left = Vector512.Load(column);
                var right = Vector512.Load(column + Lanes);
                var factor = Vector512.Create(row0[d]);
                a0 = Vector512.FusedMultiplyAdd(factor, left, a0);
                a1 = Vector512.FusedMultiplyAdd(factor, right, a1);
                factor = Vector512.Create(row1[d]);
                b0 = Vector512.FusedMultiplyAdd(factor, left, b0);
                b1 = Vector512.FusedMultiplyAdd(factor, right, b1);
                factor = Vector512.Create(row2[d]);
                c0 = Vector512.FusedMultiplyAdd(factor, left, c0);
                c1 = Vector512.FusedMultiplyAdd(factor, right, c1);
                factor = Vector512.Create(row3[d]);
                d0 = Vector512.FusedMultiplyAdd(factor, left, d0);
                d1 = Vector512.FusedMultiplyAdd(factor, right, d1);
                column += blockStride;
            }
            Store(a0, b0, c0, d0, result + j, resultStride);
            Store(a1, b1, c1, d1, result + j + Lanes, resultStride);
        }
        for (; j < count; j += Lanes)
        {
            Multiply(rows, rowStride, depth, block + j, blockStride, out var a, out var b, out var c, out var d);
            Store(a, b, c, d, result + j, resultStride);
        }
    }

    /// <summary>result[r, c] = sum_j weights[r, j] * block[j, c] for c from 0 to <paramref name="channels"/>, a multiple of 16.</summary>
    public static void WeightedSum(float* weights, nint weightStride, int count, float* block, int channels, float* result)
    {
        for (var channel = 0; channel < channels; channel += Lanes)
        {
            Vector512<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
            var row = block + channel;
            var j = 0;
            for (; Vector512.IsHardwareAccelerated && j + 1 < count; j += 2)
            {
                var even = Vector512.Load(row);
                var odd = Vector512.Load(row + channels);
                var weight = weights + j;
                a0 = Vector512.FusedMultiplyAdd(Vector512.Create(weight[0]), even, a0);
                a1 = Vector512.FusedMultiplyAdd(Vector512.Create(weight[1]), odd, a1);
                weight += weightStride;
                b0 = Vector512.FusedMultiplyAdd(Vector512.Create(weight[0]), even, b0);
                b1 = Vector512.FusedMultiplyAdd(Vector512.Create(weight[1]), odd, b1);
                weight += weightStride;
                c0 = Vector512.FusedMultiplyAdd(Vector512.Create(weight[0]), even, c0);
                c1 = Vector512.FusedMultiplyAdd(Vector512.Create(weight[1]), odd, c1);
                weight += weightStride;
                d0 = Vector512.FusedMultiplyAdd(Vector512.Create(weight[0]), even, d0);
                d1 = Vector512.FusedMultiplyAdd(Vector512.Create(weight[1]), odd, d1);
                row += 2 * channels;
            }
            for (; j < count; j++)
            {
                var values = Vector512.Load(row);
                a0 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[j]), values, a0);
                b0 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[weightStride + j]), values, b0);
                c0 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[(2 * weightStride) + j]), values, c0);
                d0 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[(3 * weightStride) + j]), values, d0);
                row += channels;
            }
            Store(a0 + a1, b0 + b1, c0 + c1, d0 + d1, result + channel, channels);
        }
    }

    /// <summary>block[j, c] += sum_r weights[r, j] * rows[r, c].</summary>
    /// <param name="rowCount">1 to 4.</param>
    public static void AddOuter(float* weights, nint weightStride, int count, float* rows, int rowCount, float* block, int channels)
    {
        if (rowCount < Rows)
        {
            for (var row = 0; row < rowCount; row++)
            {
                for (var j = 0; j < count; j++)
                    Add(block + (j * channels), rows + (row * channels), weights[(row * weightStride) + j], channels);
            }
            return;
        }
        for (var channel = 0; channel < channels; channel += Lanes)
        {
            var row = rows + channel;
            var (a, b) = (Vector512.Load(row), Vector512.Load(row + channels));
            var (c, d) = (Vector512.Load(row + (2 * channels)), Vector512.Load(row + (3 * channels)));
            var target = block + channel;
            for (var j = 0; j < count; j++)
            {
                var sum = Vector512.FusedMultiplyAdd(Vector512.Create(weights[j]), a, Vector512.Load(target));
                sum = Vector512.FusedMultiplyAdd(Vector512.Create(weights[weightStride + j]), b, sum);
                sum = Vector512.FusedMultiplyAdd(Vector512.Create(weights[(2 * weightStride) + j]), c, sum);
                sum = Vector512.FusedMultiplyAdd(Vector512.Create(weights[(3 * weightStride) + j]), d, sum);
                sum.Store(target);
                target += channels;
            }
        }
    }

    /// <summary>
    /// 2^x for arguments up to 0, within 2 units in the last place; at most 2^-126 below -126. The polynomial has the least relative error of its degree from
    /// -0.5 to 0.5 (7.5e-8, found by Remez' exchange), but for its constant, which is 1.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> PowerOfTwo(Vector512<float> x)
    {
        // Keeps -infinity a number to subtract from.
        x = Vector512.MaxNative(x, Vector512.Create(-200f));
        var power = Vector512.Round(x);
        var rest = x - power;
        var polynomial = Vector512.Create(1.3276472454890609e-3f);
        polynomial = Vector512.FusedMultiplyAdd(polynomial, rest, Vector512.Create(9.675540961325169e-3f));
        polynomial = Vector512.FusedMultiplyAdd(polynomial, rest, Vector512.Create(5.550713092088699e-2f));
        polynomial = Vector512.FusedMultiplyAdd(polynomial, rest, Vector512.Create(2.4022120237350464e-1f));
        polynomial = Vector512.FusedMultiplyAdd(polynomial, rest, Vector512.Create(6.931469440460205e-1f));
        polynomial = Vector512.FusedMultiplyAdd(polynomial, rest, Vector512<float>.One);
        if (Avx512F.IsSupported)
            return Avx512F.Scale(polynomial, power);
        var representable = Vector512.GreaterThanOrEqual(x, Vector512.Create(-126f));
        var scale = Vector512.ShiftLeft(Vector512.ConvertToInt32Native(power) + Vector512.Create(127), 23).AsSingle();
        return polynomial * scale & representable.AsSingle();
    }

    /// <returns>The highest of the lanes.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Highest(Vector512<float> values)
    {
        var eight = Vector256.MaxNative(values.GetLower(), values.GetUpper());
        var four = Vector128.MaxNative(eight.GetLower(), eight.GetUpper());
        four = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return MathF.Max(four[0], four[1]);
    }

    /// <summary>target[c] = target[c] * keep + source[c] * add.</summary>
    public static void Combine(float* target, float keep, float* source, float add, int channels)
    {
        var c = 0;
        for (; c + Lanes <= channels; c += Lanes)
            ((Vector512.Load(target + c) * keep) + (Vector512.Load(source + c) * add)).Store(target + c);
        for (; c < channels; c++)
            target[c] = (target[c] * keep) + (source[c] * add);
    }

    /// <summary>target[c] += source[c] * factor.</summary>
    public static void Add(float* target, float* source, float factor, int channels)
    {
        var c = 0;
        for (; c + Lanes <= channels; c += Lanes)
            Vector512.FusedMultiplyAdd(Vector512.Load(source + c), Vector512.Create(factor), Vector512.Load(target + c)).Store(target + c);
        for (; c < channels; c++)
            target[c] = MathF.FusedMultiplyAdd(source[c], factor, target[c]);
    }

    /// <summary>target[c] += a[c] * ofA + b[c] * ofB + d[c] * ofD.</summary>
    public static void Add(float* target, float* a, float ofA, float* b, float ofB, float* d, float ofD, int channels)
    {
        var c = 0;
        for (; c + Lanes <= channels; c += Lanes)
        {
            var sum = Vector512.FusedMultiplyAdd(Vector512.Load(a + c), Vector512.Create(ofA), Vector512.Load(target + c));
            sum = Vector512.FusedMultiplyAdd(Vector512.Load(b + c), Vector512.Create(ofB), sum);
            Vector512.FusedMultiplyAdd(Vector512.Load(d + c), Vector512.Create(ofD), sum).Store(target + c);
        }
        for (; c < channels; c++)
            target[c] += (a[c] * ofA) + (b[c] * ofB) + (d[c] * ofD);
    }

    /// <summary>target[c] = source[c] * factor.</summary>
    public static void Scale(float* source, float* target, int channels, float factor)
    {
        var c = 0;
        for (; c + Lanes <= channels; c += Lanes)
            (Vector512.Load(source + c) * factor).Store(target + c);
        for (; c < channels; c++)
            target[c] = source[c] * factor;
    }

    /// <returns>The sum of left[c] * right[c].</returns>
    public static float Dot(float* left, float* right, int channels)
    {
        var c = 0;
        var sums = Vector512<float>.Zero;
        for (; c + Lanes <= channels; c += Lanes)
            sums = Vector512.FusedMultiplyAdd(Vector512.Load(left + c), Vector512.Load(right + c), sums);
        var sum = Vector512.Sum(sums);
        for (; c < channels; c++)
            sum += left[c] * right[c];
        return sum;
    }

    /// <summary>target[c] = source[c], and <paramref name="residues"/> becomes NaN where the row holds NaN or infinity, else stays 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyAndCheck(float* source, float* target, int channels, ref Vector512<float> residues)
    {
        var c = 0;
        for (; c + Lanes <= channels; c += Lanes)
        {
            var values = Vector512.Load(source + c);
            residues = Vector512.FusedMultiplyAdd(values, Vector512<float>.Zero, residues);
            values.Store(target + c);
        }
        for (; c < channels; c++)
        {
            residues += Vector512.CreateScalar(source[c] * 0);
            target[c] = source[c];
        }
    }

    /// <summary>columns[c, r] = rows[r, c] for four rows.</summary>
    /// <param name="channels">A multiple of 4.</param>
    public static void Transpose(float* rows, nint rowStride, int channels, float* columns, nint columnStride)
    {
        for (var c = 0; c < channels; c += Rows)
        {
            var target = columns + (c * columnStride);
            var (a, b) = (Vector128.Load(rows + c), Vector128.Load(rows + rowStride + c));
            var (d, e) = (Vector128.Load(rows + (2 * rowStride) + c), Vector128.Load(rows + (3 * rowStride) + c));
            if (!Sse.IsSupported)
            {
                for (var channel = 0; channel < Rows; channel++)
                    Vector128.Create(a[channel], b[channel], d[channel], e[channel]).Store(target + (channel * columnStride));
                continue;
            }
            var (lowerLeft, lowerRight) = (Sse.UnpackLow(a, b), Sse.UnpackLow(d, e));
            var (upperLeft, upperRight) = (Sse.UnpackHigh(a, b), Sse.UnpackHigh(d, e));
            Sse.MoveLowToHigh(lowerLeft, lowerRight).Store(target);
            Sse.MoveHighToLow(lowerRight, lowerLeft).Store(target + columnStride);
            Sse.MoveLowToHigh(upperLeft, upperRight).Store(target + (2 * columnStride));
            Sse.MoveHighToLow(upperRight, upperLeft).Store(target + (3 * columnStride));
        }
    }

    /// <summary>Four rows of one column of vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* target, nint stride)
    {
        a.Store(target);
        b.Store(target + stride);
        c.Store(target + (2 * stride));
        d.Store(target + (3 * stride));
    }
}
