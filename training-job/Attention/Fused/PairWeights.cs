using System.Runtime.CompilerServices;

namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>
/// The weights 2^(score - shift) / n of the pairs of four queries, which see the same rows of a block, computed where the scores are: in
/// registers. n is the paper's n_ij: in how many rounds the query sees the other (its logarithm leaves the score).
/// </summary>
/// <param name="row">The first query; what is computed of rows behind the run's end is of no use.</param>
/// <param name="first">The first row that they see.</param>
/// <param name="count">How many rows they see.</param>
internal readonly unsafe ref struct PairWeights(AttentionProblem problem, ChunkBlock block, int row, int first, int count)
{
    private readonly float* _queries = block.Queries + (row * block.KeyChannels);
    private readonly nint _queryStride = block.KeyChannels;
    private readonly int _depth = problem.Query.Channels;
    private readonly float* _keys = block.KeyColumns + first;
    private readonly nint _stride = block.ColumnStride;
    private readonly int _count = count;
    // Number of the first query among the rows that it sees.
    private readonly int _self = row - first;
    private readonly int* _places = block.OtherPlaces(first);
    private readonly int* _ownPlaces = block.OtherPlaces(row);
    private readonly int _otherRounds = block.OtherRounds;

    /// <summary>Fills weights, [4, stride], and their sums, [4].</summary>
    public void Fill(float* shifts, float* weights, nint weightStride, float* sums)
    {
        Lanes sumA = default, sumB = default, sumC = default, sumD = default;
        for (var j = 0; j < _count; j += Lanes.Count)
        {
            Vectors.Multiply(_queries, _queryStride, _depth, _keys + j, _stride, out var a, out var b, out var c, out var d);
            a = Weight(a, shifts[0], j, 0);
            b = Weight(b, shifts[1], j, 1);
            c = Weight(c, shifts[2], j, 2);
            d = Weight(d, shifts[3], j, 3);
            (sumA, sumB, sumC, sumD) = (sumA + a, sumB + b, sumC + c, sumD + d);
            Vectors.Store(a, b, c, d, weights + j, weightStride);
        }
        (sums[0], sums[1], sums[2], sums[3]) = (Lanes.Sum(sumA), Lanes.Sum(sumB), Lanes.Sum(sumC), Lanes.Sum(sumD));
    }

    /// <summary>Fills the weights p, [4, stride], and the gradients of the scores, p (do.v - do.o), [4, stride].</summary>
    /// <param name="normalisers">[4]: shifts that make the weights of all rounds together 1.</param>
    /// <param name="means">[4]: do.o</param>
    public void FillForGradient(float* normalisers, float* means, float* weights, float* ofScores, nint weightStride)
    {
        var gradient = block.Gradient!;
        var flowing = gradient.Flowing + (row * block.ValueChannels);
        var valueColumns = gradient.ValueColumns + first;
        for (var j = 0; j < _count; j += Lanes.Count)
        {
            Vectors.Multiply(_queries, _queryStride, _depth, _keys + j, _stride, out var a, out var b, out var c, out var d);
            a = Weight(a, normalisers[0], j, 0);
            b = Weight(b, normalisers[1], j, 1);
            c = Weight(c, normalisers[2], j, 2);
            d = Weight(d, normalisers[3], j, 3);
            Vectors.Store(a, b, c, d, weights + j, weightStride);
            Vectors.Multiply(
                flowing, block.ValueChannels, problem.Value.Channels, valueColumns + j, _stride, out var ofA, out var ofB, out var ofC, out var ofD);
            a *= ofA - Lanes.Create(means[0]);
            b *= ofB - Lanes.Create(means[1]);
            c *= ofC - Lanes.Create(means[2]);
            d *= ofD - Lanes.Create(means[3]);
            Vectors.Store(a, b, c, d, ofScores + j, weightStride);
        }
    }

    /// <summary>The highest score of each query, [4].</summary>
    /// <param name="scores">Overwritten, [4, stride].</param>
    public void Highest(float* scores, nint scoreStride, float* highest)
    {
        Vectors.Multiply(_queries, _queryStride, _depth, _keys, _stride, _count, scores, scoreStride);
        for (var number = 0; number < Vectors.Rows; number++)
        {
            highest[number] = float.NegativeInfinity;
            for (var j = 0; j < _count; j++)
                highest[number] = j == _self + number ? highest[number] : MathF.Max(highest[number], scores[(number * scoreStride) + j]);
        }
    }

    /// <summary>Scores of one query and the rows from <paramref name="j"/> on become weights; 0 for itself and behind the last row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Lanes Weight(Lanes scores, float shift, int j, int number)
    {
        var weights = Lanes.PowerOfTwo(scores - Lanes.Create(shift));
        if (_otherRounds == 1)
            weights = Lanes.Select(Sees(_ownPlaces[number], _places + j), weights * 0.5f, weights);
        else if (_otherRounds > 1)
            weights /= Rounds(_places + j, _ownPlaces + number);
        var self = _self + number - j;
        // Most vectors hold neither the query itself nor the end.
        return (uint)self >= Lanes.Count && j + Lanes.Count <= _count ? weights : weights & Lanes.BeforeExcept(_count - j, self);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Lanes Rounds(int* places, int* ownPlaces)
    {
        var rounds = Lanes.One;
        for (var other = 0; other < _otherRounds; other++)
            rounds += Lanes.One & Sees(ownPlaces[other * _stride], places + (other * _stride));
        return rounds;
    }

    /// <summary>A mask where a place sees another: it is that or one more; see <see cref="BucketOrder"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes Sees(int own, int* places) => Lanes.AtOrOneBefore(own, places);
}
