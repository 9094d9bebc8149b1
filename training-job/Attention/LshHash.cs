using CtSeg.TrainingJob.Attention.Fused;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Attention;

/// <summary>
/// The factorised angular hash `argmax[uR1 ; -uR1] * n2 + argmax[uR2 ; -uR2]` (arXiv:2004.05645, section II-C; factorised as in
/// later Reformer code, because hashing must not grow as the square of the number of tokens).
/// </summary>
internal sealed class LshHash(long seed, int level, int heads, int rounds, int headChannels)
{
    private readonly Dictionary<(int Factor, int Columns), float[]> _rotations = [];

    /// <summary>Even factors n1, n2, about equal, whose product is about 2 * tokens / chunkLength.</summary>
    public static (int First, int Second) BucketFactors(long tokens, int chunkLength)
    {
        var wanted = Math.Max(4.0, 2.0 * tokens / chunkLength);
        var first = NearestEven(Math.Sqrt(wanted));
        return (first, NearestEven(wanted / first));
    }

    /// <summary>The bucket of every token in every round.</summary>
    /// <param name="query">[batch, tokens, heads, head channels]; its length does not matter, only its direction.</param>
    /// <returns>[rounds, batch * heads, tokens], 32-bit integers from 0 to n1 * n2 - 1.</returns>
    public Tensor Buckets(Tensor query, int chunkLength)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var (batch, tokens) = (query.size(0), query.size(1));
        var (first, second) = BucketFactors(tokens, chunkLength);
        if (query.device_type == TorchSharp.DeviceType.CPU && query.dtype == ScalarType.Float32)
            return BucketsOnCpu(query, first, second).MoveToOuterDisposeScope();
        query = query.detach().transpose(1, 2);
        var perRound = new Tensor[rounds];
        for (var round = 0; round < rounds; round++)
        {
            using var roundScope = NewDisposeScope();
            var one = Half(query, Rotation(0, first / 2, round, query));
            var two = Half(query, Rotation(1, second / 2, round, query));
            perRound[round] = one.mul(second).add(two).reshape(batch * heads, tokens).MoveToOuterDisposeScope();
        }
        return stack(perRound, dim: 0).to(ScalarType.Int32).MoveToOuterDisposeScope();
    }

    private Tensor BucketsOnCpu(Tensor query, int first, int second)
    {
        var buckets = empty([rounds, query.size(0) * heads, query.size(1)], ScalarType.Int32);
        FusedHash.Fill(
            TokenRows.Of(query.detach()), rounds, (Values(0, first / 2), first / 2), (Values(1, second / 2), second / 2), buckets,
            new ParallelOptions { MaxDegreeOfParallelism = get_num_threads() });
        return buckets;
    }

    /// <summary>argmax[uR ; -uR], without building the concatenation.</summary>
    private static Tensor Half(Tensor query, Tensor rotation)
    {
        var projected = query.matmul(rotation);                     // [batch, heads, tokens, n/2]
        var (high, highAt) = projected.max(-1);
        var (low, lowAt) = projected.min(-1);
        return where(high.ge(low.neg()), highAt, lowAt.add(projected.size(-1)));
    }

    /// <returns>[heads, head channels, columns]</returns>
    private Tensor Rotation(int factor, int columns, int round, Tensor like)
    {
        var length = heads * headChannels * columns;
        return tensor(Values(factor, columns).AsMemory(round * length, length).ToArray(), [heads, headChannels, columns])
            .to(like.dtype).to(like.device);
    }

    /// <returns>[rounds, heads, head channels, columns]</returns>
    private float[] Values(int factor, int columns)
    {
        if (!_rotations.TryGetValue((factor, columns), out var values))
        {
            values = Generate(factor, columns);
            _rotations[(factor, columns)] = values;
        }
        return values;
    }

    private float[] Generate(int factor, int columns)
    {
        var values = new float[rounds * heads * headChannels * columns];
        var columnValues = new float[headChannels];
        for (var round = 0; round < rounds; round++)
        {
            for (var head = 0; head < heads; head++)
            {
                for (var column = 0; column < columns; column++)
                {
                    RotationGenerator.FillColumn(seed, level, head, round, factor, column, columnValues);
                    for (var row = 0; row < headChannels; row++)
                        values[(((((round * heads) + head) * headChannels) + row) * columns) + column] = columnValues[row];
                }
            }
        }
        return values;
    }

    private static int NearestEven(double value) => Math.Max(2, 2 * (int)Math.Round(value / 2, MidpointRounding.AwayFromZero));
}
