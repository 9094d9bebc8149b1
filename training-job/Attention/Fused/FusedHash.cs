using System.Buffers;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>
/// The hash of <see cref="LshHash"/> for 32-bit floats on the CPU: a few tokens at a time are multiplied by the rotations of all rounds, and
/// only the places of their largest components leave the cache.
/// </summary>
internal static unsafe class FusedHash
{
    private const int TokensOfTask = 2048;

    /// <param name="query">[batch, tokens, heads, channels]; see <see cref="TokenRows"/>.</param>
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
        using var rotations = new Rotations(first, second, rounds, heads, rows.Channels);
        Parallel.For(0, rows.Sequences * pieces, parallel, task =>
        {
            var (sequence, piece) = (task / pieces, task % pieces);
            var end = Math.Min(rows.Tokens, (piece + 1) * TokensOfTask);
            var projections = ArrayPool<float>.Shared.Rent(Vectors.Rows * rotations.Stride);
            fixed (float* own = projections)
            {
                for (var token = piece * TokensOfTask; token < end; token += Vectors.Rows)
                    HashFour(rows, sequence, token, end - 1, rotations, own, target);
            }
            ArrayPool<float>.Shared.Return(projections);
        });
        GC.KeepAlive(query);
        GC.KeepAlive(buckets);
    }

    private static void HashFour(TokenRows rows, int sequence, int token, int last, Rotations rotations, float* projections, int* buckets)
    {
        Vectors.Multiply(
            rows.Row(sequence, token), rows.Row(sequence, Math.Min(token + 1, last)), rows.Row(sequence, Math.Min(token + 2, last)),
            rows.Row(sequence, Math.Min(token + 3, last)), rows.Channels,
            rotations.OfHead(sequence % rotations.Heads), rotations.Stride, rotations.Columns, projections, rotations.Stride);
        var own = Math.Min(Vectors.Rows, last + 1 - token);
        for (var round = 0; round < rotations.Rounds; round++)
        {
            var column = round * (rotations.First + rotations.Second);
            var line = buckets + ((((nint)round * rows.Sequences) + sequence) * rows.Tokens) + token;
            for (var number = 0; number < own; number++)
            {
                var projected = projections + (number * rotations.Stride) + column;
                line[number] = (Largest(projected, rotations.First) * 2 * rotations.Second) + Largest(projected + rotations.First, rotations.Second);
            }
        }
    }

    /// <summary>argmax[uR ; -uR], the first of equals; without branches, which would be guessed wrong for every token.</summary>
    private static int Largest(float* projected, int columns)
    {
        var best = Vector512.Create(-1f);
        var bestAt = Vector512<int>.Zero;
        var at = Vector512<int>.Indices;
        for (var column = 0; column < columns; column += Vectors.Lanes)
        {
            var values = Vector512.Load(projected + column);
            var here = at + (Vector512.LessThan(values, Vector512<float>.Zero).AsInt32() & Vector512.Create(columns));
            // Lanes beyond the last column hold what belongs to another factor.
            var magnitude = Vector512.ConditionalSelect(
                Vector512.LessThan(at, Vector512.Create(columns)).AsSingle(), Vector512.Abs(values), Vector512.Create(-2f));
            var better = Vector512.GreaterThan(magnitude, best).AsInt32()
                | (Vector512.Equals(magnitude, best).AsInt32() & Vector512.LessThan(here, bestAt));
            best = Vector512.ConditionalSelect(better.AsSingle(), magnitude, best);
            bestAt = Vector512.ConditionalSelect(better, here, bestAt);
            at += Vector512.Create(Vectors.Lanes);
        }
        var largest = Vector512.Equals(best, Vector512.Create(Vectors.Highest(best))).AsInt32();
        return Vectors.Lowest(Vector512.ConditionalSelect(largest, bestAt, Vector512.Create(int.MaxValue)));
    }

    /// <summary>
    /// The rotations of every head as one matrix, [channels, stride]: round after round the columns of the first factor, then those of the
    /// second.
    /// </summary>
    private sealed class Rotations : IDisposable
    {
        private readonly MemoryHandle _pin;
        private readonly int _channels;

        public Rotations((float[] Values, int Columns) first, (float[] Values, int Columns) second, int rounds, int heads, int channels)
        {
            (First, Second, Rounds, Heads, _channels) = (first.Columns, second.Columns, rounds, heads, channels);
            Columns = rounds * (First + Second);
            // The last factor is read in whole vectors.
            Stride = Vectors.Padded(Columns) + Vectors.Lanes;
            var values = new float[heads * channels * Stride];
            for (var round = 0; round < rounds; round++)
            {
                Place(values, first, round, round * (First + Second));
                Place(values, second, round, (round * (First + Second)) + First);
            }
            _pin = values.AsMemory().Pin();
        }

        public int First { get; }
        public int Second { get; }
        public int Rounds { get; }
        public int Heads { get; }
        public int Columns { get; }
        public int Stride { get; }

        public float* OfHead(int head) => (float*)_pin.Pointer + ((nint)head * _channels * Stride);

        public void Dispose() => _pin.Dispose();

        private void Place(float[] values, (float[] Values, int Columns) factor, int round, int column)
        {
            for (var row = 0; row < Heads * _channels; row++)
                factor.Values.AsSpan(((round * Heads * _channels) + row) * factor.Columns, factor.Columns).CopyTo(values.AsSpan((row * Stride) + column));
        }
    }
}
