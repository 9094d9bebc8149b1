using System.Buffers;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>
/// The hash of <see cref="LshHash"/> for 32-bit floats on the CPU: a few tokens are multiplied by a rotation at a time, and only the
/// places of their largest components leave the registers.
/// </summary>
internal static unsafe class FusedHash
{
    private const int Lanes = 8;
    private const int TokensOfTask = 2048;

    /// <param name="query">[batch, tokens, heads, channels], contiguous.</param>
    /// <param name="first">Rotations of the first factor, [rounds, heads, channels, columns].</param>
    /// <param name="second">The same of the second.</param>
    /// <param name="buckets">[rounds, batch * heads, tokens], 32-bit integers; filled.</param>
    public static void Fill(
        Tensor query, int rounds, (float[] Values, int Columns) first, (float[] Values, int Columns) second, Tensor buckets, ParallelOptions parallel)
    {
        var rows = new TokenRows(query, nameof(query));
        int* target;
        fixed (byte* bytes = buckets.bytes)
            target = (int*)bytes;
        var heads = (int)query.size(2);
        var pieces = (rows.Tokens + TokensOfTask - 1) / TokensOfTask;
        using var one = new Rotations(first.Values, rounds * heads, rows.Channels, first.Columns);
        using var two = new Rotations(second.Values, rounds * heads, rows.Channels, second.Columns);
        Parallel.For(0, rounds * rows.Sequences * pieces, parallel, task =>
        {
            var (line, piece) = (task / pieces, task % pieces);
            var (round, sequence) = (line / rows.Sequences, line % rows.Sequences);
            var rotation = (round * heads) + (sequence % heads);
            var output = target + ((nint)line * rows.Tokens);
            var end = Math.Min(rows.Tokens, (piece + 1) * TokensOfTask);
            for (var token = piece * TokensOfTask; token < end; token += Vectors.Rows)
                HashFour(rows, sequence, token, end - 1, one.Of(rotation), two.Of(rotation), output);
        });
        GC.KeepAlive(query);
        GC.KeepAlive(buckets);
    }

    private static void HashFour(TokenRows rows, int sequence, int token, int last, Rotation one, Rotation two, int* output)
    {
        var row0 = rows.Row(sequence, token);
        var row1 = rows.Row(sequence, Math.Min(token + 1, last));
        var row2 = rows.Row(sequence, Math.Min(token + 2, last));
        var row3 = rows.Row(sequence, Math.Min(token + 3, last));
        var high = stackalloc int[Vectors.Rows];
        var low = stackalloc int[Vectors.Rows];
        Largest(row0, row1, row2, row3, one, high);
        Largest(row0, row1, row2, row3, two, low);
        for (var number = 0; number < Vectors.Rows && token + number <= last; number++)
            output[token + number] = (high[number] * 2 * two.Columns) + low[number];
    }

    /// <summary>argmax[uR ; -uR] of four tokens.</summary>
    private static void Largest(float* row0, float* row1, float* row2, float* row3, Rotation rotation, int* result)
    {
        Best a = Best.None, b = Best.None, c = Best.None, d = Best.None;
        var index = Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7);
        for (var column = 0; column < rotation.Stride; column += Lanes)
        {
            Vector256<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            var values = rotation.Values + column;
            for (var channel = 0; channel < rotation.Channels; channel++)
            {
                var factor = Vector256.Load(values);
                sum0 = Vector256.FusedMultiplyAdd(Vector256.Create(row0[channel]), factor, sum0);
                sum1 = Vector256.FusedMultiplyAdd(Vector256.Create(row1[channel]), factor, sum1);
                sum2 = Vector256.FusedMultiplyAdd(Vector256.Create(row2[channel]), factor, sum2);
                sum3 = Vector256.FusedMultiplyAdd(Vector256.Create(row3[channel]), factor, sum3);
                values += rotation.Stride;
            }
            a.Offer(sum0, index);
            b.Offer(sum1, index);
            c.Offer(sum2, index);
            d.Offer(sum3, index);
            index += Vector256.Create(Lanes);
        }
        result[0] = a.Index(rotation.Columns);
        result[1] = b.Index(rotation.Columns);
        result[2] = c.Index(rotation.Columns);
        result[3] = d.Index(rotation.Columns);
    }

    /// <summary>The component of largest magnitude in every lane so far, the first of equals.</summary>
    [StructLayout(LayoutKind.Auto)]
    private struct Best
    {
        private Vector256<float> _value;
        private Vector256<int> _column;

        public static Best None => new() { _value = Vector256<float>.Zero, _column = Vector256<int>.Zero };

        public void Offer(Vector256<float> value, Vector256<int> column)
        {
            var better = Vector256.GreaterThan(Vector256.Abs(value), Vector256.Abs(_value));
            _value = Vector256.ConditionalSelect(better, value, _value);
            _column = Vector256.ConditionalSelect(better.AsInt32(), column, _column);
        }

        public readonly int Index(int columns)
        {
            var (magnitude, best) = (0f, 0);
            for (var lane = 0; lane < Lanes; lane++)
            {
                var value = _value[lane];
                var index = _column[lane] + (value < 0 ? columns : 0);
                if (MathF.Abs(value) > magnitude || (MathF.Abs(value) == magnitude && magnitude > 0 && index < best))
                    (magnitude, best) = (MathF.Abs(value), index);
            }
            return best;
        }
    }

    /// <summary>One rotation: [channels, stride], the columns beyond <paramref name="columns"/> are 0 and never the largest.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly struct Rotation(float* values, int channels, int columns, int stride)
    {
        public float* Values => values;
        public int Channels => channels;
        public int Columns => columns;
        public int Stride => stride;
    }

    /// <summary>All rotations of one factor, their columns padded to whole vectors.</summary>
    private sealed class Rotations : IDisposable
    {
        private readonly MemoryHandle _pin;
        private readonly int _channels;
        private readonly int _columns;
        private readonly int _stride;

        public Rotations(float[] values, int count, int channels, int columns)
        {
            (_channels, _columns, _stride) = (channels, columns, (columns + Lanes - 1) / Lanes * Lanes);
            var padded = new float[count * channels * _stride];
            for (var row = 0; row < count * channels; row++)
                values.AsSpan(row * columns, columns).CopyTo(padded.AsSpan(row * _stride));
            _pin = padded.AsMemory().Pin();
        }

        public Rotation Of(int number) => new((float*)_pin.Pointer + ((nint)number * _channels * _stride), _channels, _columns, _stride);

        public void Dispose() => _pin.Dispose();
    }
}
