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
        var projections = stackalloc float[Vectors.Rows * rotation.Stride];
        Vectors.Multiply(
            row0, row1, row2, row3, rotation.Channels, rotation.Values, rotation.Stride, rotation.Stride, projections, rotation.Stride);
        for (var number = 0; number < Vectors.Rows; number++)
            result[number] = Largest(projections + (number * rotation.Stride), rotation);
    }

    /// <summary>Where the largest magnitude stands first; without branches, which would be guessed wrong for every token.</summary>
    private static int Largest(float* projections, Rotation rotation)
    {
        var best = Vector512.Create(-1f);
        var bestAt = Vector512<int>.Zero;
        var at = Vector512<int>.Indices;
        for (var column = 0; column < rotation.Stride; column += Vectors.Lanes)
        {
            var values = Vector512.Load(projections + column);
            var magnitude = Vector512.Abs(values);
            var here = at + (Vector512.LessThan(values, Vector512<float>.Zero).AsInt32() & Vector512.Create(rotation.Columns));
            // Equal ones: that which stands first in [uR ; -uR].
            var better = Vector512.GreaterThan(magnitude, best).AsInt32()
                | (Vector512.Equals(magnitude, best).AsInt32() & Vector512.LessThan(here, bestAt));
            best = Vector512.ConditionalSelect(better.AsSingle(), magnitude, best);
            bestAt = Vector512.ConditionalSelect(better, here, bestAt);
            at += Vector512.Create(Vectors.Lanes);
        }
        var largest = Vector512.Equals(best, Vector512.Create(Vectors.Highest(best))).AsInt32();
        return Vectors.Lowest(Vector512.ConditionalSelect(largest, bestAt, Vector512.Create(int.MaxValue)));
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
            (_channels, _columns, _stride) = (channels, columns, Vectors.Padded(columns));
            var padded = new float[count * channels * _stride];
            for (var row = 0; row < count * channels; row++)
                values.AsSpan(row * columns, columns).CopyTo(padded.AsSpan(row * _stride));
            _pin = padded.AsMemory().Pin();
        }

        public Rotation Of(int number) => new((float*)_pin.Pointer + ((nint)number * _channels * _stride), _channels, _columns, _stride);

        public void Dispose() => _pin.Dispose();
    }
}
