using System.Runtime.Intrinsics;

namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>The paper's n_ij: in how many rounds a token sees another. A weight is divided by it (its logarithm leaves the score).</summary>
internal static unsafe class RoundCounts
{
    /// <param name="weights">[count], of pairs that see each other in this round.</param>
    /// <param name="places">[other rounds, stride], by row; see <see cref="BucketOrder.Places"/>.</param>
    public static void Divide(float* weights, int* places, int stride, int otherRounds, int row, int first, int count)
    {
        var seesMask = Vector256.Create(~1);
        if (otherRounds == 1)
        {
            var own = Vector256.Create(places[row]);
            for (var j = 0; j < count; j += Vector256<float>.Count)
            {
                var alsoThere = Vector256.Equals((own - Vector256.Load(places + first + j)) & seesMask, Vector256<int>.Zero);
                var weight = Vector256.Load(weights + j);
                Vector256.ConditionalSelect(alsoThere.AsSingle(), weight * 0.5f, weight).Store(weights + j);
            }
            return;
        }
        for (var j = 0; j < count; j += Vector256<float>.Count)
        {
            var rounds = Vector256<int>.One;
            for (var other = 0; other < otherRounds; other++)
            {
                var difference = Vector256.Create(places[(other * stride) + row]) - Vector256.Load(places + (other * stride) + first + j);
                rounds -= Vector256.Equals(difference & seesMask, Vector256<int>.Zero);
            }
            (Vector256.Load(weights + j) / Vector256.ConvertToSingle(rounds)).Store(weights + j);
        }
    }
}
