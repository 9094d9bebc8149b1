using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>
/// The weights 2^(score - shift) / n of the pairs of one query. n is the paper's n_ij: in how many rounds the query sees the other (its
/// logarithm leaves the score).
/// </summary>
internal static unsafe class PairWeights
{
    // Places that differ by 0 or 1 see each other; see BucketOrder.
    private const int SeesBits = ~1;

    /// <summary>Fills the last vector up and takes the query itself out.</summary>
    /// <param name="scores">[count], of pairs that see each other in this round.</param>
    /// <param name="self">Number of the query itself.</param>
    /// <returns>count, rounded up to whole vectors.</returns>
    public static int Mask(float* scores, int count, int self)
    {
        var padded = Vectors.Padded(count);
        for (var j = count; j < padded; j++)
            scores[j] = float.NegativeInfinity;
        scores[self] = float.NegativeInfinity;
        return padded;
    }

    public static float Highest(float* scores, int padded)
    {
        var most = Vector512.Load(scores);
        for (var j = Vectors.Lanes; j < padded; j += Vectors.Lanes)
            most = Vector512.MaxNative(most, Vector512.Load(scores + j));
        return Vectors.Highest(most);
    }

    /// <summary>Scores become weights.</summary>
    /// <param name="places">[other rounds, stride]: of the first pair's other token.</param>
    /// <param name="ownPlaces">[other rounds, stride]: of the query.</param>
    /// <returns>Their sum.</returns>
    public static float FromScores(float* scores, int padded, float shift, int* places, int* ownPlaces, int stride, int otherRounds)
    {
        var total = Vector512<float>.Zero;
        var by = Vector512.Create(shift);
        if (otherRounds == 0)
        {
            for (var j = 0; j < padded; j += Vectors.Lanes)
            {
                var weight = Vectors.PowerOfTwo(Vector512.Load(scores + j) - by);
                weight.Store(scores + j);
                total += weight;
            }
        }
        else if (otherRounds == 1)
        {
            var own = Vector512.Create(*ownPlaces);
            for (var j = 0; j < padded; j += Vectors.Lanes)
            {
                var alsoThere = Vector512.Equals((own - Vector512.Load(places + j)) & Vector512.Create(SeesBits), Vector512<int>.Zero);
                var share = Vector512.ConditionalSelect(alsoThere.AsSingle(), Vector512.Create(0.5f), Vector512<float>.One);
                var weight = Vectors.PowerOfTwo(Vector512.Load(scores + j) - by) * share;
                weight.Store(scores + j);
                total += weight;
            }
        }
        else
        {
            for (var j = 0; j < padded; j += Vectors.Lanes)
            {
                var weight = Vectors.PowerOfTwo(Vector512.Load(scores + j) - by) / Vector512.ConvertToSingle(Rounds(places + j, ownPlaces, stride, otherRounds));
                weight.Store(scores + j);
                total += weight;
            }
        }
        return Vector512.Sum(total);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Rounds(int* places, int* ownPlaces, int stride, int otherRounds)
    {
        var rounds = Vector512<int>.One;
        for (var other = 0; other < otherRounds; other++)
        {
            var difference = Vector512.Create(ownPlaces[other * stride]) - Vector512.Load(places + (other * stride));
            rounds -= Vector512.Equals(difference & Vector512.Create(SeesBits), Vector512<int>.Zero);
        }
        return rounds;
    }
}
