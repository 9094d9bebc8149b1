using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>Products of a few rows with a block that lies in the cache.</summary>
internal static unsafe class Vectors
{
    /// <summary>Rows that are computed together: each load of the block serves all of them.</summary>
    public const int Rows = 4;

    /// <summary>Buffers are padded to whole vectors.</summary>
    public static int Padded(int count) => (count + Lanes.Count - 1) / Lanes.Count * Lanes.Count;

    /// <summary>sum_d rows[r, d] * block[d, 0 to 15] for four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(
        float* rows, nint rowStride, int depth, float* block, nint blockStride,
        out Lanes a, out Lanes b, out Lanes c, out Lanes d)
    {
        a = b = c = d = Lanes.Zero;
        for (var end = rows + depth; rows < end; rows++)
        {
            var values = Lanes.Load(block);
            a = Lanes.MultiplyAdd(rows[0], values, a);
            b = Lanes.MultiplyAdd(rows[rowStride], values, b);
            c = Lanes.MultiplyAdd(rows[2 * rowStride], values, c);
            d = Lanes.MultiplyAdd(rows[3 * rowStride], values, d);
            block += blockStride;
        }
    }

    /// <summary>result[r, j] = sum_d rows[r, d] * block[d, j] for four rows and j from 0 to count, rounded up to 16.</summary>
    public static void Multiply(
        float* rows, nint rowStride, int depth, float* block, nint blockStride, int count, float* result, nint resultStride)
    {
        for (var j = 0; j < count; j += Lanes.Count)
        {
            Multiply(rows, rowStride, depth, block + j, blockStride, out var a, out var b, out var c, out var d);
            Store(a, b, c, d, result + j, resultStride);
        }
    }

    /// <summary>result[r, c] = sum_j weights[r, j] * block[j, c] for c from 0 to <paramref name="channels"/>, a multiple of 16.</summary>
    public static void WeightedSum(float* weights, nint weightStride, int count, float* block, int channels, float* result)
    {
        for (var channel = 0; channel < channels; channel += Lanes.Count)
        {
            Lanes a = default, b = default, c = default, d = default;
            var row = block + channel;
            for (float* weight = weights, end = weights + count; weight < end; weight++)
            {
                var values = Lanes.Load(row);
                a = Lanes.MultiplyAdd(weight[0], values, a);
                b = Lanes.MultiplyAdd(weight[weightStride], values, b);
                c = Lanes.MultiplyAdd(weight[2 * weightStride], values, c);
                d = Lanes.MultiplyAdd(weight[3 * weightStride], values, d);
                row += channels;
            }
            Store(a, b, c, d, result + channel, channels);
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
        for (var channel = 0; channel < channels; channel += Lanes.Count)
        {
            var row = rows + channel;
            var (a, b) = (Lanes.Load(row), Lanes.Load(row + channels));
            var (c, d) = (Lanes.Load(row + (2 * channels)), Lanes.Load(row + (3 * channels)));
            var target = block + channel;
            for (var j = 0; j < count; j++)
            {
                var sum = Lanes.MultiplyAdd(weights[j], a, Lanes.Load(target));
                sum = Lanes.MultiplyAdd(weights[weightStride + j], b, sum);
                sum = Lanes.MultiplyAdd(weights[(2 * weightStride) + j], c, sum);
                sum = Lanes.MultiplyAdd(weights[(3 * weightStride) + j], d, sum);
                sum.Store(target);
                target += channels;
            }
        }
    }

    /// <summary>target[c] = target[c] * keep + source[c] * add.</summary>
    public static void Combine(float* target, float keep, float* source, float add, int channels)
    {
        var c = 0;
        for (; c + Lanes.Count <= channels; c += Lanes.Count)
            ((Lanes.Load(target + c) * keep) + (Lanes.Load(source + c) * add)).Store(target + c);
        for (; c < channels; c++)
            target[c] = (target[c] * keep) + (source[c] * add);
    }

    /// <summary>target[c] += source[c] * factor.</summary>
    public static void Add(float* target, float* source, float factor, int channels)
    {
        var c = 0;
        for (; c + Lanes.Count <= channels; c += Lanes.Count)
            Lanes.MultiplyAdd(factor, Lanes.Load(source + c), Lanes.Load(target + c)).Store(target + c);
        for (; c < channels; c++)
            target[c] = MathF.FusedMultiplyAdd(source[c], factor, target[c]);
    }

    /// <summary>target[c] += a[c] * ofA + b[c] * ofB + d[c] * ofD.</summary>
    public static void Add(float* target, float* a, float ofA, float* b, float ofB, float* d, float ofD, int channels)
    {
        var c = 0;
        for (; c + Lanes.Count <= channels; c += Lanes.Count)
        {
            var sum = Lanes.MultiplyAdd(ofA, Lanes.Load(a + c), Lanes.Load(target + c));
            sum = Lanes.MultiplyAdd(ofB, Lanes.Load(b + c), sum);
            Lanes.MultiplyAdd(ofD, Lanes.Load(d + c), sum).Store(target + c);
        }
        for (; c < channels; c++)
            target[c] += (a[c] * ofA) + (b[c] * ofB) + (d[c] * ofD);
    }

    /// <summary>target[c] = source[c] * factor.</summary>
    public static void Scale(float* source, float* target, int channels, float factor)
    {
        var c = 0;
        for (; c + Lanes.Count <= channels; c += Lanes.Count)
            (Lanes.Load(source + c) * factor).Store(target + c);
        for (; c < channels; c++)
            target[c] = source[c] * factor;
    }

    /// <returns>The sum of left[c] * right[c].</returns>
    public static float Dot(float* left, float* right, int channels)
    {
        var c = 0;
        var sums = Lanes.Zero;
        for (; c + Lanes.Count <= channels; c += Lanes.Count)
            sums = Lanes.MultiplyAdd(Lanes.Load(left + c), Lanes.Load(right + c), sums);
        var sum = Lanes.Sum(sums);
        for (; c < channels; c++)
            sum += left[c] * right[c];
        return sum;
    }

    /// <summary>target[c] = source[c], and <paramref name="residues"/> becomes NaN where the row holds NaN or infinity, else stays 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyAndCheck(float* source, float* target, int channels, ref Lanes residues)
    {
        var c = 0;
        for (; c + Lanes.Count <= channels; c += Lanes.Count)
        {
            var values = Lanes.Load(source + c);
            residues = Lanes.MultiplyAdd(values, Lanes.Zero, residues);
            values.Store(target + c);
        }
        for (; c < channels; c++)
        {
            residues = Lanes.MultiplyAdd(source[c], Lanes.Zero, residues);
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
    public static void Store(Lanes a, Lanes b, Lanes c, Lanes d, float* target, nint stride)
    {
        a.Store(target);
        b.Store(target + stride);
        c.Store(target + (2 * stride));
        d.Store(target + (3 * stride));
    }
}
