namespace CtSeg.TrainingJob.Training;

/// <summary>One cycle (arXiv:1708.07120): up along a cosine in the first tenth, then down to nearly nothing.</summary>
internal static class LearningRateSchedule
{
    private const double WarmUp = 0.1;
    private const double Start = 1 / 25.0;
    private const double End = 1 / 1000.0;

    public static double At(long step, long steps, double highest)
    {
        var progress = steps <= 1 ? 1 : step / (double)(steps - 1);
        return highest * (progress < WarmUp
            ? Between(Start, 1, progress / WarmUp)
            : Between(1, End, (progress - WarmUp) / (1 - WarmUp)));
    }

    private static double Between(double from, double to, double share) => from + ((to - from) * (1 - Math.Cos(Math.PI * share)) / 2);
}
