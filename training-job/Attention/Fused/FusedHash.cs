using System.Buffers;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>
/// The hash of <see cref="LshHash"/> for 32-bit floats on the CPU: a few tokens at a time, one to a lane, are multiplied by the columns of a
/// round, and only the places of their largest components leave the cache.
/// </summary>
internal static unsafe class FusedHash
{
    private const int TokensOfTile = 2 * Lanes.Count;
    private const int TilesOfTask = 32;

    /// <param name="query">[batch, tokens, heads, channels]; see <see cref="TokenRows"/>.</param>
    /// <param name="columns">[rounds, heads, columns, channels]</param>
    /// <param name="factors">How many of the columns belong to each factor.</param>
    /// <param name="buckets">[rounds, batch * heads, tokens], 32-bit integers; filled.</param>
    public static void Fill(Tensor query, int rounds, float[] columns, int[] factors, Tensor buckets, ParallelOptions parallel)
    {
        var rows = new TokenRows(query, nameof(query));
        int* target;
        fixed (byte* bytes = buckets.bytes)
            target = (int*)bytes;
        var heads = (int)query.size(2);
        var tiles = (rows.Tokens + TokensOfTile - 1) / TokensOfTile;
        var pieces = (tiles + TilesOfTask - 1) / TilesOfTask;
        using var rotations = new Rotations(columns, factors.Sum(), rows.Channels);
        // All heads of a token at once: they lie side by side.
        Parallel.For(0, rows.Batch * pieces, parallel, () => new Tile(rotations, factors), (task, _, tile) =>
        {
            var (item, piece) = (task / pieces, task % pieces);
            for (var number = piece * TilesOfTask; number < Math.Min(tiles, (piece + 1) * TilesOfTask); number++)
            {
                tile.Prefetch(rows, item * heads, heads, (number + 1) * TokensOfTile);
                for (var head = 0; head < heads; head++)
                {
                    var sequence = (item * heads) + head;
                    tile.Gather(rows, sequence, number * TokensOfTile);
                    for (var round = 0; round < rounds; round++)
                    {
                        var line = target + ((((nint)round * rows.Sequences) + sequence) * rows.Tokens);
                        tile.Hash((round * heads) + head, new Span<int>(line, rows.Tokens));
                    }
                }
            }
            return tile;
        }, tile => tile.Dispose());
        GC.KeepAlive(query);
        GC.KeepAlive(buckets);
    }

    /// <summary>The columns of all rounds and heads, filled up with zeros to whole groups of those that are computed together.</summary>
    private sealed class Rotations : IDisposable
    {
        private readonly MemoryHandle _pin;

        public Rotations(float[] values, int columns, int channels)
        {
            Channels = channels;
            Columns = (columns + Vectors.Rows - 1) / Vectors.Rows * Vectors.Rows;
            var count = values.Length / (columns * channels);
            var padded = new float[count * Columns * channels];
            for (var of = 0; of < count; of++)
                values.AsSpan(of * columns * channels, columns * channels).CopyTo(padded.AsSpan(of * Columns * channels));
            _pin = padded.AsMemory().Pin();
        }

        public int Channels { get; }
        public int Columns { get; }

        /// <param name="number">round * heads + head.</param>
        /// <returns>[columns, channels]</returns>
        public float* Of(int number) => (float*)_pin.Pointer + ((nint)number * Columns * Channels);

        public void Dispose() => _pin.Dispose();
    }

    /// <summary>A few neighbouring tokens of one sequence.</summary>
    private sealed class Tile(Rotations rotations, int[] factors) : IDisposable
    {
        /// <value>[channels, tokens of a tile]</value>
        private readonly float[] _queries = ArrayPool<float>.Shared.Rent(rotations.Channels * TokensOfTile);
        /// <value>[columns, tokens of a tile]</value>
        private readonly float[] _projections = ArrayPool<float>.Shared.Rent(rotations.Columns * TokensOfTile);
        private int _firstToken;

        /// <summary>Asks for the heads of a tile's tokens, between which there may be much else.</summary>
        public void Prefetch(TokenRows rows, int firstSequence, int heads, int firstToken)
        {
            for (var sequence = firstSequence; sequence < firstSequence + heads; sequence++)
            {
                var tokens = rows.Sequence(sequence);
                for (var token = firstToken; token < Math.Min(firstToken + TokensOfTile, rows.Tokens); token++)
                    tokens.Prefetch(token);
            }
        }

        /// <summary>Lays every token into a lane; lanes beyond the last token repeat it.</summary>
        public void Gather(TokenRows rows, int sequence, int firstToken)
        {
            _firstToken = firstToken;
            var tokens = rows.Sequence(sequence);
            fixed (float* queries = _queries)
            {
                if (firstToken + TokensOfTile <= rows.Tokens && rotations.Channels % Vectors.Rows == 0)
                {
                    for (var lane = 0; lane < TokensOfTile; lane += Vectors.Rows)
                        Vectors.Transpose(tokens.Row(firstToken + lane), tokens.Stride, rotations.Channels, queries + lane, TokensOfTile);
                    return;
                }
                for (var lane = 0; lane < TokensOfTile; lane++)
                {
                    var row = tokens.Row(Math.Min(firstToken + lane, rows.Tokens - 1));
                    for (var channel = 0; channel < rotations.Channels; channel++)
                        queries[(channel * TokensOfTile) + lane] = row[channel];
                }
            }
        }

        public void Hash(int number, Span<int> line)
        {
            var buckets = stackalloc int[TokensOfTile];
            fixed (float* queries = _queries, projections = _projections)
            {
                Project(rotations.Of(number), queries, projections);
                for (var lane = 0; lane < TokensOfTile; lane += Vector256<int>.Count)
                    Bucket(projections + lane).Store(buckets + lane);
            }
            var own = Math.Min(TokensOfTile, line.Length - _firstToken);
            new ReadOnlySpan<int>(buckets, own).CopyTo(line[_firstToken..]);
        }

        public void Dispose()
        {
            ArrayPool<float>.Shared.Return(_queries);
            ArrayPool<float>.Shared.Return(_projections);
        }

        private void Project(float* columns, float* queries, float* projections)
        {
            var channels = rotations.Channels;
            for (var column = 0; column < rotations.Columns; column += Vectors.Rows)
            {
                Vectors.Multiply(
                    columns + (column * channels), channels, channels, queries, TokensOfTile, TokensOfTile, projections + (column * TokensOfTile), TokensOfTile);
            }
        }

        private Vector256<int> Bucket(float* projections)
        {
            var bucket = Vector256<int>.Zero;
            foreach (var columns in factors)
            {
                bucket = (bucket * (2 * columns)) + Digit(projections, columns);
                projections += columns * TokensOfTile;
            }
            return bucket;
        }

        /// <summary>argmax[uR ; -uR] of every lane.</summary>
        private static Vector256<int> Digit(float* projections, int columns)
        {
            var signed = Vector256.Load(projections);
            var largest = Vector256.Abs(signed);
            var at = Vector256<int>.Zero;
            for (var column = 1; column < columns; column++)
            {
                var values = Vector256.Load(projections + (column * TokensOfTile));
                var magnitudes = Vector256.Abs(values);
                var larger = Vector256.GreaterThan(magnitudes, largest);
                largest = Vector256.ConditionalSelect(larger, magnitudes, largest);
                signed = Vector256.ConditionalSelect(larger, values, signed);
                at = Vector256.ConditionalSelect(larger.AsInt32(), Vector256.Create(column), at);
            }
            return at + (Vector256.LessThan(signed, Vector256<float>.Zero).AsInt32() & Vector256.Create(columns));
        }
    }
}
