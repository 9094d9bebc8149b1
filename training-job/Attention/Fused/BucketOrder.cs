using System.Buffers;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>
/// The order of the tokens in every round: sorted stably by (bucket, position) by counting. Arrays come from a pool; dispose to
/// give them back.
/// </summary>
internal sealed unsafe class BucketOrder : IDisposable
{
    private const int MaxBuckets = 1 << 24;

    private readonly int[] _order;
    private readonly int[] _places;
    private readonly int _sequences;

    private BucketOrder(int rounds, int sequences, int tokens)
    {
        (Rounds, _sequences, Tokens) = (rounds, sequences, tokens);
        _order = ArrayPool<int>.Shared.Rent(rounds * sequences * tokens);
        _places = ArrayPool<int>.Shared.Rent(rounds * sequences * tokens);
    }

    public int Rounds { get; }
    public int Tokens { get; }

    /// <param name="buckets">[rounds, sequences, tokens], 32-bit integers, 0 to 2^24 - 1, contiguous.</param>
    /// <param name="chunkLength">Tokens of a chunk; the last may be shorter.</param>
    /// <exception cref="ArgumentException">A bucket is out of range.</exception>
    public static BucketOrder Create(Tensor buckets, int chunkLength, ParallelOptions parallel)
    {
        if (buckets.dtype != ScalarType.Int32 || buckets.dim() != 3 || !buckets.is_contiguous())
            throw new ArgumentException("The buckets must be a contiguous tensor [rounds, sequences, tokens] of 32-bit integers.", nameof(buckets));
        var order = new BucketOrder((int)buckets.size(0), (int)buckets.size(1), (int)buckets.size(2));
        int* first;
        fixed (byte* bytes = buckets.bytes)
            first = (int*)bytes;
        var outOfRange = 0;
        Parallel.For(0, order.Rounds * order._sequences, parallel, line =>
        {
            if (!order.TrySort(new ReadOnlySpan<int>(first + ((nint)line * order.Tokens), order.Tokens), line * order.Tokens, chunkLength))
                Interlocked.Exchange(ref outOfRange, 1);
        });
        GC.KeepAlive(buckets);
        if (outOfRange == 0)
            return order;
        order.Dispose();
        throw new ArgumentException($"A bucket is negative or not below {MaxBuckets}.", nameof(buckets));
    }

    /// <summary>Which token stands at each position of a round's order; the complement of the token where a bucket begins.</summary>
    public ReadOnlySpan<int> InOrder(int round, int sequence) => _order.AsSpan(Offset(round, sequence), Tokens);

    /// <summary>A token of <see cref="InOrder"/>.</summary>
    public static int Token(int ordered) => ordered ^ (ordered >> 31);

    /// <summary>Whether a bucket begins at a token of <see cref="InOrder"/>.</summary>
    public static bool Begins(int ordered) => ordered < 0;

    /// <summary>
    /// By token: chunk + 2 * (rank of the bucket). The chunk never falls while the rank rises, so that a token sees another in this round
    /// exactly if its place is the other's or one more.
    /// </summary>
    public ReadOnlySpan<int> Places(int round, int sequence) => _places.AsSpan(Offset(round, sequence), Tokens);

    public void Dispose()
    {
        ArrayPool<int>.Shared.Return(_order);
        ArrayPool<int>.Shared.Return(_places);
    }

    private int Offset(int round, int sequence) => ((round * _sequences) + sequence) * Tokens;

    private bool TrySort(ReadOnlySpan<int> buckets, int offset, int chunkLength)
    {
        var highest = 0;
        var signs = 0;
        foreach (var bucket in buckets)
        {
            highest = Math.Max(highest, bucket);
            signs |= bucket;
        }
        if (signs < 0 || highest >= MaxBuckets)
            return false;
        var ends = ArrayPool<int>.Shared.Rent(highest + 1);
        var ranks = ArrayPool<int>.Shared.Rent(highest + 1);
        Count(buckets, ends.AsSpan(0, highest + 1), ranks);
        var order = _order.AsSpan(offset, buckets.Length);
        var places = _places.AsSpan(offset, buckets.Length);
        // From the last token on, so that what counts down ends where the bucket begins.
        for (var token = buckets.Length - 1; token >= 0; token--)
        {
            var bucket = buckets[token];
            var position = --ends[bucket];
            order[position] = token;
            places[token] = (int)((uint)position / (uint)chunkLength) + (2 * ranks[bucket]);
        }
        for (var bucket = 0; bucket <= highest; bucket++)
        {
            // Those of empty buckets begin where the next one does, or behind the end.
            if (ends[bucket] < order.Length && order[ends[bucket]] >= 0)
                order[ends[bucket]] = ~order[ends[bucket]];
        }
        ArrayPool<int>.Shared.Return(ends);
        ArrayPool<int>.Shared.Return(ranks);
        return true;
    }

    /// <summary>The position behind every bucket's last token, and its rank among the buckets that have any.</summary>
    private static void Count(ReadOnlySpan<int> buckets, Span<int> ends, Span<int> ranks)
    {
        ends.Clear();
        foreach (var bucket in buckets)
            ends[bucket]++;
        var (rank, end) = (0, 0);
        for (var bucket = 0; bucket < ends.Length; bucket++)
        {
            rank += ends[bucket] > 0 ? 1 : 0;
            ranks[bucket] = rank;
            end += ends[bucket];
            ends[bucket] = end;
        }
    }
}
