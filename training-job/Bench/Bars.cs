using CtSeg.TrainingJob.Attention;

namespace CtSeg.TrainingJob.Bench;

/// <summary>What attention and networks are held against; only figures whose measurements are there appear.</summary>
internal static class Bars
{
    private const int Full = 147_456;
    private const int Quarter = 36_864;
    private const int WideBase = 64;
    private const int PaperSize = 369;
    // 1.5 GB.
    private const int MaxMiB = 1430;

    public static IReadOnlyList<Verdict> OfAttention(IReadOnlyList<AttentionMeasurement> measured, int rounds)
    {
        var verdicts = new List<Verdict>();
        AttentionMeasurement? Find(int length, string engine, string direction) =>
            measured.FirstOrDefault(one => one.Length == length && one.Engine == engine && one.Direction == direction);
        void Ratio(string figure, AttentionMeasurement? slow, AttentionMeasurement? fast, Func<double, Verdict> judge)
        {
            if (slow is not null && fast is not null)
                verdicts.Add(judge(slow.Ms / fast.Ms) with { Figure = figure });
        }
        var (forward, both) = (Find(Full, "fused", "forward"), Find(Full, "fused", "both"));
        if (forward is not null)
        {
            verdicts.Add(Verdict.AtMost($"{Full} tokens, fused, forward", forward.Ms, "ms", 400));
            if (forward.ExtraMb is { } memory)
                verdicts.Add(Verdict.AtMost("  memory beside its inputs", memory, "MiB", 300));
        }
        Ratio("  naive forward / fused forward", Find(Full, "naive", "forward"), forward, ratio => Verdict.AtLeast("", ratio, "times", 12));
        Ratio("  naive forward, unfactorised hash / fused forward", Find(Full, "naive-unfactorised", "forward"), forward, ratio => Verdict.AtLeast("", ratio, "times", 40));
        Ratio("  naive both / fused both", Find(Full, "naive", "both"), both, ratio => Verdict.AtLeast("", ratio, "times", 8));
        foreach (var direction in new[] { "forward", "both" })
        {
            var (large, small) = (Find(Full, "fused", direction), Find(Quarter, "fused", direction));
            Ratio($"  growth from {Quarter} tokens, {direction}, time", large, small, ratio => Verdict.AtMost("", ratio, "times", 4.4));
            if (large?.ExtraMb is { } most && small?.ExtraMb is > 0 and var least)
                verdicts.Add(Verdict.AtMost($"  growth from {Quarter} tokens, {direction}, memory", most / least, "times", 4.4));
        }
        // Where exact attention is ahead a model takes that.
        foreach (var fused in measured.Where(one => one.Engine == "fused" && !AttentionChoice.ExactIsFaster(one.Length, rounds)))
            Ratio($"{fused.Length} tokens, {fused.Direction}, fused / exact", fused, Find(fused.Length, "exact", fused.Direction), ratio => Verdict.AtMost("", ratio, "times", 1.05));
        return verdicts;
    }

    public static IReadOnlyList<Verdict> OfPredictions(PredictionMeasurement measured)
    {
        var verdicts = new List<Verdict> { Verdict.AtMost("a slice, warm, median", measured.Ms, "ms", 600) };
        if (measured.PeakMb is { } peak)
            verdicts.Add(Verdict.AtMost("memory of the process", peak, "MiB", MaxMiB));
        return verdicts;
    }

    public static IReadOnlyList<Verdict> OfModel(IReadOnlyList<ModelMeasurement> measured)
    {
        var verdicts = new List<Verdict>();
        foreach (var full in measured.Where(one => one is { Arch: "m", AttentionLevels.Count: 4, InputSize: PaperSize }))
        {
            var width = full.BaseChannels;
            ModelMeasurement? Without(string variant) =>
                measured.FirstOrDefault(one => one.Arch == "m-a" && one.BaseChannels == width && one.InputSize == PaperSize && one.Variant == variant);
            if (full.PeakMb is { } peak)
                verdicts.Add(Verdict.AtMost($"{width} base channels: memory of a process that predicts, attention at all levels", peak, "MiB", MaxMiB));
            if (Without("fast") is not { } fast)
                continue;
            verdicts.Add(Verdict.AtMost($"{width} base channels: attention at all levels", full.Ms - fast.Ms, "ms", 600));
            if (width != WideBase)
                continue;
            verdicts.Add(Verdict.AtMost($"{width} base channels: m with attention at all levels / m-a", full.Ms / fast.Ms, "times", 1.5));
            if (Without("naive") is { } naive)
                verdicts.Add(Verdict.AtLeast($"{width} base channels: m-a naive / fast", naive.Ms / fast.Ms, "times", 1.6));
        }
        return verdicts;
    }
}
