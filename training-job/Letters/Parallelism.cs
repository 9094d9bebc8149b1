namespace CtSeg.TrainingJob.Letters;

/// <summary>How many letters are in work at once: each waits for storage most of its time.</summary>
internal static class Parallelism
{
    private const int Letters = 16;

    public static ParallelOptions Of(CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = Letters, CancellationToken = cancellationToken };
}
