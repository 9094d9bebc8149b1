using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Attention.Reference;

/// <summary>
/// The order of the tokens in every hash round: sorted stably by (bucket, position), filled up to whole chunks with padding that
/// has a bucket of its own. Rows of all sequences are numbered through, so that one gather reorders them all.
/// Its tensors live in the dispose scope of its creator.
/// </summary>
internal sealed class SortedRounds
{
    private readonly Tensor[] _permutations;
    private readonly Tensor[] _inverses;
    private readonly Tensor[] _places;
    private readonly Tensor _hasCompany;

    private SortedRounds(long paddedTokens, Tensor[] permutations, Tensor[] inverses, Tensor[] places, Tensor hasCompany)
    {
        PaddedTokens = paddedTokens;
        (_permutations, _inverses, _places, _hasCompany) = (permutations, inverses, places, hasCompany);
    }

    public long PaddedTokens { get; }
    public int Rounds => _permutations.Length;

    /// <param name="buckets">[rounds, sequences, tokens], 64-bit integers, not negative.</param>
    /// <param name="chunkLength">Tokens of a chunk.</param>
    public static SortedRounds Create(Tensor buckets, int chunkLength)
    {
        using var noGradient = no_grad();
        var (rounds, sequences, tokens) = ((int)buckets.size(0), buckets.size(1), buckets.size(2));
        var padded = (tokens + chunkLength - 1) / chunkLength * chunkLength;
        var rows = sequences * padded;
        var rowStart = Numbers(0, sequences, buckets.device).unsqueeze(-1).mul(Kept(padded));
        var (permutations, inverses, places) = (new Tensor[rounds], new Tensor[rounds], new Tensor[rounds]);
        var company = zeros([rows], ScalarType.Bool, buckets.device);
        for (var round = 0; round < rounds; round++)
        {
            var bucket = buckets[round];
            if (padded > tokens)
                bucket = cat([bucket, full([sequences, padded - tokens], Kept(long.MaxValue / (2 * padded)), ScalarType.Int64, buckets.device)], 1);
            // The position makes every key different, so any sort is a stable one.
            var order = bucket.mul(Kept(padded)).add(Numbers(0, padded, buckets.device), alpha: One).argsort(-1);
            permutations[round] = order.add(rowStart, alpha: One).reshape(-1);
            inverses[round] = empty_like(permutations[round]);
            inverses[round].index_copy_(0, permutations[round], Numbers(0, rows, buckets.device));
            var same = SameAsBefore(bucket.gather(1, order));
            company.logical_or_(Company(same, chunkLength).index_select(0, inverses[round]));
            places[round] = Places(same, chunkLength).index_select(0, inverses[round]);
        }
        return new SortedRounds(padded, permutations, inverses, places, company);
    }

    /// <summary>[rows]: which row stands at a place of the sorted order of a round.</summary>
    public Tensor Permutation(int round) => _permutations[round];

    /// <summary>[rows]: at which place of the sorted order of a round a row stands.</summary>
    public Tensor Inverse(int round) => _inverses[round];

    /// <summary>[rows]: whether a token sees another token in any round, in the order of a round.</summary>
    public Tensor HasCompany(int round) => _hasCompany.index_select(0, _permutations[round]);

    /// <summary>
    /// [rounds, rows]: the places that tokens have in every round, this round's first, in the order of this round. A token sees
    /// another in a round exactly if its place there is the other's or one more.
    /// </summary>
    public Tensor PlacesInOrderOf(int round) => stack(
        [.. Enumerable.Range(0, Rounds).Select(other => _places[(round + other) % Rounds].index_select(0, _permutations[round]))], dim: 0);

    /// <summary>The whole numbers from a first one up to the one before the end.</summary>
    private static Tensor Numbers(long first, long end, Device device) => arange(Kept(first), Kept(end), Kept(1), ScalarType.Int64, device);

    /// <summary>[sequences, padded]: whether the token before, in the sorted order, is of the same bucket.</summary>
    private static Tensor SameAsBefore(Tensor inOrder)
    {
        var padded = inOrder.size(1);
        var same = inOrder.narrow(1, 1, padded - 1).eq(inOrder.narrow(1, 0, padded - 1));
        return cat([zeros([inOrder.size(0), 1], ScalarType.Bool, inOrder.device), same], 1);
    }

    /// <summary>
    /// Bucket and chunk in one number: chunk + 2 * (rank of the bucket). The chunk never falls while the rank rises, so places of
    /// different buckets differ by 2 or more.
    /// </summary>
    private static Tensor Places(Tensor sameAsBefore, int chunkLength)
    {
        var flat = sameAsBefore.reshape(-1);
        var chunk = Numbers(0, flat.numel(), flat.device).div(Kept(chunkLength), RoundingMode.floor);
        return flat.logical_not().to(ScalarType.Int64).cumsum(0).mul_(Kept(2)).add_(chunk, alpha: One).to(ScalarType.Int32);
    }

    /// <summary>Whether a token has another of its bucket in its window: the neighbour before it, or the one after it in its own chunk.</summary>
    private static Tensor Company(Tensor sameAsBefore, int chunkLength)
    {
        var flat = sameAsBefore.reshape(-1);
        var sameChunk = Numbers(1, flat.numel(), flat.device).remainder(Kept(chunkLength)).ne(Kept(0));
        var after = flat.narrow(0, 1, flat.numel() - 1).logical_and(sameChunk);
        return cat([after, zeros([1], ScalarType.Bool, flat.device)], 0).logical_or_(flat);
    }
}
