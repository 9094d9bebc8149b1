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

    private readonly int[] _tokens;
    private readonly int[] _places;
    private readonly int _sequences;

    private BucketOrder(int rounds, int sequences, int tokens)
    {
        (Rounds, _sequences, Tokens) = (rounds, sequences, tokens);
        _tokens = ArrayPool<int>.Shared.Rent(rounds * sequences * tokens);
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

    /// <summary>Which token stands at each position of a round's order.</summary>
    public ReadOnlySpan<int> TokensInOrder(int round, int sequence) => _tokens.AsSpan(Offset(round, sequence), Tokens);

    /// <summary>
    /// By token: chunk + 2 * (rank of the bucket). The chunk never falls while the rank rises, so that a token sees another in this round
    /// exactly if its place is the other's or one more.
    /// </summary>
    public ReadOnlySpan<int> Places(int round, int sequence) => _places.AsSpan(Offset(round, sequence), Tokens);

    public void Dispose()
    {
        ArrayPool<int>.Shared.Return(_tokens);
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
        var starts = ArrayPool<int>.Shared.Rent(highest + 2);
        starts.AsSpan(0, highest + 2).Clear();
        foreach (var bucket in buckets)
            starts[bucket + 1]++;
        for (var bucket = 1; bucket <= highest; bucket++)
            starts[bucket] += starts[bucket - 1];
        var tokens = _tokens.AsSpan(offset, buckets.Length);
        for (var token = 0; token < buckets.Length; token++)
            tokens[starts[buckets[token]]++] = token;
        ArrayPool<int>.Shared.Return(starts);
        var places = _places.AsSpan(offset, buckets.Length);
        var (rank, before) = (0, -1);
        for (var position = 0; position < tokens.Length; position++)
        {
            var bucket = buckets[tokens[position]];
            if (bucket != before)
                rank++;
            before = bucket;
            places[tokens[position]] = (position / chunkLength) + (2 * rank);
        }
        return true;
    }
}
