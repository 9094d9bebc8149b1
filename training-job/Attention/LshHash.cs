using CtSeg.TrainingJob.Attention.Fused;
using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Attention;

/// <summary>
/// The angular hash `argmax[uR ; -uR]` (arXiv:2004.05645, section II-C) in factors, as in later Reformer code, because hashing must not grow as
/// the square of the number of tokens: the columns of a rotation are shared out among a few factors, each contributes its own largest, and the
/// bucket is the number that they form as digits. Of columns that are equally large the first counts.
/// </summary>
internal sealed class LshHash(long seed, int level, int heads, int rounds, int headChannels)
{
    private const int FewestFactors = 2;
    private const int MostFactors = 4;

    private readonly HashRotations _rotations = new(seed, level, heads, rounds, headChannels);
    private readonly Dictionary<int, float[]> _columns = [];

    /// <summary>
    /// How many columns each factor takes, about equal; a factor of c columns has 2c values. Together they make at most 2 * tokens / chunkLength
    /// buckets (but at least four). As few factors as one rotation of <paramref name="headChannels"/> columns suffices for, since fewer columns in each
    /// keep less of a neighbourhood together; where it never does, four, or what the number of buckets allows.
    /// </summary>
    public static int[] ColumnsOfFactors(long tokens, int chunkLength, int headChannels)
    {
        var most = Math.Max(4, 2.0 * tokens / chunkLength);
        for (var count = FewestFactors; ; count++)
        {
            var columns = Share(most, count);
            if (columns.Sum() <= headChannels || count == MostFactors || Math.Pow(2, count + 1) > most)
                return columns;
        }
    }

    /// <summary>The bucket of every token in every round.</summary>
    /// <param name="query">[batch, tokens, heads, head channels]; its length does not matter, only its direction.</param>
    /// <returns>[rounds, batch * heads, tokens], 32-bit integers from 0 to the number of buckets - 1.</returns>
    public Tensor Buckets(Tensor query, int chunkLength)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        query = query.detach();
        var factors = ColumnsOfFactors(query.size(1), chunkLength, headChannels);
        var buckets = query.device_type == TorchSharp.DeviceType.CPU && query.dtype == ScalarType.Float32
            ? BucketsOnCpu(query, factors)
            : BucketsOfTensors(query, factors);
        return buckets.MoveToOuterDisposeScope();
    }

    private Tensor BucketsOnCpu(Tensor query, int[] factors)
    {
        var buckets = empty([rounds, query.size(0) * heads, query.size(1)], ScalarType.Int32);
        FusedHash.Fill(
            TokenRows.Of(query), rounds, Columns(factors.Sum()), factors, buckets, HelperThreads.Parallel());
        return buckets;
    }

    private Tensor BucketsOfTensors(Tensor query, int[] factors)
    {
        var columns = tensor(Columns(factors.Sum()), [rounds, heads, factors.Sum(), headChannels], device: query.device).to(query.dtype);
        var (batch, tokens) = (query.size(0), query.size(1));
        var perRound = new Tensor[rounds];
        for (var round = 0; round < rounds; round++)
        {
            using var roundScope = NewDisposeScope();
            var projected = query.transpose(1, 2).matmul(columns[round].transpose(1, 2));      // [batch, heads, tokens, columns]
            var bucket = zeros([batch, heads, tokens], ScalarType.Int64, query.device);
            var first = 0;
            foreach (var count in factors)
            {
                bucket = bucket.mul(Kept(2 * count)).add(Digit(projected.narrow(-1, first, count)), alpha: One);
                first += count;
            }
            perRound[round] = bucket.to(ScalarType.Int32).reshape(batch * heads, tokens).MoveToOuterDisposeScope();
        }
        return stack(perRound, dim: 0);
    }

    /// <summary>argmax[uR ; -uR], without building the concatenation.</summary>
    private static Tensor Digit(Tensor projected)
    {
        var largest = projected.abs().argmax(-1, keepdim: true);
        var negative = projected.gather(-1, largest).lt(Kept(0)).to(ScalarType.Int64);
        return largest.add(negative.mul(Kept(projected.size(-1))), alpha: One).squeeze(-1);
    }

    /// <returns>[rounds, heads, columns, head channels]</returns>
    private float[] Columns(int count)
    {
        if (!_columns.TryGetValue(count, out var values))
        {
            values = _rotations.Columns(count);
            _columns[count] = values;
        }
        return values;
    }

    /// <summary>The most buckets, up to <paramref name="most"/>, of factors that differ by at most a column.</summary>
    private static int[] Share(double most, int count)
    {
        var columns = new int[count];
        // Rounding must not lose a column where the root is whole.
        Array.Fill(columns, Math.Max(1, (int)((Math.Pow(most, 1.0 / count) / 2) + 1e-9)));
        for (var factor = 0; factor < count; factor++)
        {
            columns[factor]++;
            if (columns.Aggregate(1.0, (product, one) => product * 2 * one) > most)
            {
                columns[factor]--;
                break;
            }
        }
        return columns;
    }
}
