using System.Globalization;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>What <c>consume</c> was asked to do, checked.</summary>
/// <param name="ModelFolder">Null: the model that the storage names.</param>
/// <param name="ModelInterval">Between two looks at the model that the storage names.</param>
internal sealed record ConsumeOptions(ConsumerLimits Limits, string? ModelFolder, TimeSpan ModelInterval)
{
    /// <value>For telemetry, from the end of the drain to that of the process; 1.6 s.</value>
    public TimeSpan LastWords { get; init; } = TimeSpan.FromSeconds(1.6);

    public const int MaxBatch = 256;
    public const int MaxPrefetch = 512;
    // Of the drain time: the rest is for the process to end.
    private const double DrainShare = 0.9;
    private const double LastWordsShare = 0.08;

    /// <summary>Checks options; says of all that is wrong at once.</summary>
    /// <param name="missing">What the environment lacks or has wrong, one sentence each.</param>
    /// <param name="problems">One sentence each; empty when the options hold.</param>
    public static ConsumeOptions? Check(
        int batch, int prefetch, double idleSeconds, double maxWaitSeconds, double drainSeconds, string? modelFolder, double modelSeconds,
        IReadOnlyList<string> missing, out IReadOnlyList<string> problems)
    {
        var found = new List<string>();
        Require(found, batch is >= 1 and <= MaxBatch, $"--batch is {batch}; 1 to {MaxBatch} is possible.");
        Require(found, prefetch is >= 0 and <= MaxPrefetch, $"--prefetch is {prefetch}; 0 to {MaxPrefetch} is possible.");
        RequireSeconds(found, "--idle-seconds", idleSeconds, 0.1, 86_400);
        RequireSeconds(found, "--max-wait", maxWaitSeconds, 0.1, 600);
        RequireSeconds(found, "--drain-seconds", drainSeconds, 1, 600);
        Require(found, modelFolder is null || Directory.Exists(modelFolder), $"--model: the folder '{modelFolder}' does not exist.");
        RequireSeconds(found, "--model-seconds", modelSeconds, 0.1, 20);
        found.AddRange(missing);
        problems = found;
        if (found.Count > 0)
            return null;
        var limits = new ConsumerLimits
        {
            Batch = batch,
            Prefetch = prefetch,
            Idle = TimeSpan.FromSeconds(idleSeconds),
            MaxWait = TimeSpan.FromSeconds(maxWaitSeconds),
            Drain = TimeSpan.FromSeconds(drainSeconds * DrainShare),
        };
        return new ConsumeOptions(limits, modelFolder, TimeSpan.FromSeconds(modelSeconds))
        {
            LastWords = TimeSpan.FromSeconds(drainSeconds * LastWordsShare),
        };
    }

    private static void RequireSeconds(List<string> problems, string name, double value, double least, double most) =>
        Require(problems, value >= least && value <= most,
            string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; {least} to {most} seconds are possible."));

    private static void Require(List<string> problems, bool holds, string otherwise)
    {
        if (!holds)
            problems.Add(otherwise);
    }
}
