using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>
/// The weights exp(score - shift) / n of the pairs of one query. n is the paper's n_ij: in how many rounds the query sees the other (its
/// logarithm leaves the score).
/// </summary>
internal static unsafe class PairWeights
{
    private const int Lanes = 8;
    // Places that differ by 0 or 1 see each other; see BucketOrder.
    private const int SeesBits = ~1;

    /// <summary>Fills the last vector up and takes the query itself out.</summary>
    /// <param name="scores">[count], of pairs that see each other in this round.</param>
    /// <param name="self">Number of the query itself.</param>
    /// <returns>count, rounded up to whole vectors.</returns>
    public static int Mask(float* scores, int count, int self)
    {
        var padded = (count + Lanes - 1) & -Lanes;
        for (var j = count; j < padded; j++)
            scores[j] = float.NegativeInfinity;
        scores[self] = float.NegativeInfinity;
        return padded;
    }

    public static float Highest(float* scores, int padded)
    {
        var most = Vector256.Load(scores);
        for (var j = Lanes; j < padded; j += Lanes)
            most = Vector256.MaxNative(most, Vector256.Load(scores + j));
        var highest = float.NegativeInfinity;
        for (var lane = 0; lane < Lanes; lane++)
            highest = MathF.Max(highest, most[lane]);
        return highest;
    }

    /// <summary>Scores become weights.</summary>
    /// <param name="places">[other rounds, stride]: of the first pair's other token.</param>
    /// <param name="ownPlaces">[other rounds, stride]: of the query.</param>
    /// <returns>Their sum.</returns>
    public static float FromScores(float* scores, int padded, float shift, int* places, int* ownPlaces, int stride, int otherRounds)
    {
        var total = Vector256<float>.Zero;
        var by = Vector256.Create(shift);
        if (otherRounds == 0)
        {
            for (var j = 0; j < padded; j += Lanes)
            {
                var weight = Vectors.Exp(Vector256.Load(scores + j) - by);
                weight.Store(scores + j);
                total += weight;
            }
        }
        else if (otherRounds == 1)
        {
            var own = Vector256.Create(*ownPlaces);
            for (var j = 0; j < padded; j += Lanes)
            {
                var alsoThere = Vector256.Equals((own - Vector256.Load(places + j)) & Vector256.Create(SeesBits), Vector256<int>.Zero);
                var share = Vector256.ConditionalSelect(alsoThere.AsSingle(), Vector256.Create(0.5f), Vector256<float>.One);
                var weight = Vectors.Exp(Vector256.Load(scores + j) - by) * share;
                weight.Store(scores + j);
                total += weight;
            }
        }
        else
        {
            for (var j = 0; j < padded; j += Lanes)
            {
                var weight = Vectors.Exp(Vector256.Load(scores + j) - by) / Vector256.ConvertToSingle(Rounds(places + j, ownPlaces, stride, otherRounds));
                weight.Store(scores + j);
                total += weight;
            }
        }
        return Vector256.Sum(total);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Rounds(int* places, int* ownPlaces, int stride, int otherRounds)
    {
        var rounds = Vector256<int>.One;
        for (var other = 0; other < otherRounds; other++)
        {
            var difference = Vector256.Create(ownPlaces[other * stride]) - Vector256.Load(places + (other * stride));
            rounds -= Vector256.Equals(difference & Vector256.Create(SeesBits), Vector256<int>.Zero);
        }
        return rounds;
    }
}
