using CtSeg.Models;

namespace CtSeg.TrainingJob.Attention;

/// <summary>Decides, when a model is built, which of its levels attend exactly.</summary>
internal static class AttentionChoice
{
    // Measured, see docs/performance.md: with two rounds hashing wins at every length; each further round moves the crossing by about as much.
    private const int RoundsThatAlwaysWin = 2;
    private const int TokensOfFurtherRound = 128;
    private const int SidesDivisor = 16;

    /// <param name="inputSize">Side of the square slices that the model is built for, pixels.</param>
    /// <returns>The configuration with its levels of exact attention.</returns>
    public static ModelConfiguration Decide(ModelConfiguration configuration, int inputSize) => configuration with
    {
        ExactAttentionLevels = configuration.UsesAttention
            ? [.. configuration.AttentionLevels.Where(level => ExactIsFaster(Tokens(level, inputSize), configuration.Rounds))]
            : [],
    };

    public static bool ExactIsFaster(long tokens, int rounds) => tokens <= (long)TokensOfFurtherRound * (rounds - RoundsThatAlwaysWin);

    private static long Tokens(int level, int inputSize)
    {
        long side = (inputSize + SidesDivisor - 1) / SidesDivisor * SidesDivisor >> level;
        return side * side;
    }
}
