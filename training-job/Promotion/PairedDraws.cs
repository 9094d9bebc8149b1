using CtSeg.TrainingJob.Evaluation;

namespace CtSeg.TrainingJob.Promotion;

/// <summary>
/// The gain in pooled Dice of a challenger with the lower end of its one-sided interval: groups are drawn with replacement, both models over the same
/// ones, and every class over the same draws.
/// </summary>
/// <remarks>
/// The plain percentile of so few draws' groups says too much: 7 to 8 % of challengers at the margin passed where 5 % may. So the percentile is moved
/// outwards until a normal statistic would get the interval of Student's t (Hesterberg, "What teachers should know about the bootstrap", The American
/// Statistician 69(4), 2015), with as many degrees of freedom as the groups are worth: large lesions outweigh small ones in a pooled Dice, so that
/// forty groups may be worth seven (Kish's effective sample size).
/// </remarks>
internal sealed class PairedDraws
{
    private const int MinDraws = 2000;
    // So many draws lie beyond the plain percentile.
    private const double DrawsBeyond = 20;
    // Fixed: the same counts give the same decision.
    private const int Seed = 1;
    // Of a finding: 2 x both and the sum of both sides, of the champion and of the challenger.
    private const int Counts = 4;

    private readonly double[] _counts;
    private readonly double[][] _gains;
    private readonly double _level;
    private readonly int _groups;
    private readonly int _findings;

    /// <param name="groups">In an order that does not change.</param>
    /// <param name="findings">Labels that count as one class.</param>
    /// <param name="level">One-sided confidence, 0.5 to 0.999.</param>
    public PairedDraws(IReadOnlyList<ComparedGroup> groups, IReadOnlyList<int[]> findings, double level)
    {
        (_groups, _findings, _level) = (groups.Count, findings.Count, level);
        _counts = [.. groups.SelectMany(group => findings.SelectMany(labels => CountsOf(group, labels)))];
        _gains = Draw(Math.Max(MinDraws, (int)Math.Ceiling(DrawsBeyond / (1 - level))));
    }

    /// <returns>The challenger's pooled Dice less the champion's; null where one of them is undefined.</returns>
    public double? Gain(int finding)
    {
        Span<double> sums = stackalloc double[Counts];
        for (var group = 0; group < _groups; group++)
            Add(sums, group, finding);
        return GainOf(sums);
    }

    /// <returns>Lower end of the one-sided interval of the gain; null where the gain is.</returns>
    public double? GainAtLeast(int finding)
    {
        if (Gain(finding) is not { } gain || _groups < 2)
            return null;
        var draws = _gains[finding];
        var worth = EffectiveGroups(finding);
        if (worth <= 1)
            return -1;
        var distance = Math.Sqrt(worth / (worth - 1)) * StudentT.Quantile(_level, worth - 1);
        var share = StudentT.NormalUpperTail(distance);
        // Where the draws do not reach out so far, their spread has to tell.
        var low = share * draws.Length >= 1 ? Quantiles.Of(draws, share) : Math.Min(draws[0], gain - (distance * Deviation(draws)));
        return Math.Max(-1, low);
    }

    /// <value>As many equally large groups would say as much.</value>
    private double EffectiveGroups(int finding)
    {
        var (sum, squares) = (0.0, 0.0);
        for (var group = 0; group < _groups; group++)
        {
            var at = ((group * _findings) + finding) * Counts;
            var size = _counts[at + 1] + _counts[at + 3];
            sum += size;
            squares += size * size;
        }
        return sum * sum / squares;
    }

    private double[][] Draw(int draws)
    {
        var gains = Enumerable.Range(0, _findings).Select(_ => new double[draws]).ToArray();
        var random = new Random(Seed);
        Span<double> sums = stackalloc double[_findings * Counts];
        for (var draw = 0; draw < draws; draw++)
        {
            sums.Clear();
            for (var drawn = 0; drawn < _groups; drawn++)
            {
                var from = _counts.AsSpan(random.Next(_groups) * sums.Length, sums.Length);
                for (var at = 0; at < sums.Length; at++)
                    sums[at] += from[at];
            }
            // A draw without the class counts against the challenger.
            for (var finding = 0; finding < _findings; finding++)
                gains[finding][draw] = GainOf(sums.Slice(finding * Counts, Counts)) ?? -1;
        }
        foreach (var gain in gains)
            Array.Sort(gain);
        return gains;
    }

    private void Add(Span<double> sums, int group, int finding)
    {
        for (var at = 0; at < Counts; at++)
            sums[at] += _counts[(((group * _findings) + finding) * Counts) + at];
    }

    private static double? GainOf(ReadOnlySpan<double> sums) => sums[1] == 0 || sums[3] == 0 ? null : (sums[2] / sums[3]) - (sums[0] / sums[1]);

    private static double Deviation(double[] draws)
    {
        var mean = draws.Average();
        return Math.Sqrt(draws.Sum(draw => (draw - mean) * (draw - mean)) / (draws.Length - 1));
    }

    private static double[] CountsOf(ComparedGroup group, int[] labels)
    {
        var (champion, challenger) = (group.Champion, group.Challenger);
        return [2.0 * Both(champion, labels), Sides(champion, labels), 2.0 * Both(challenger, labels), Sides(challenger, labels)];
    }

    private static long Both(ConfusionMatrix matrix, int[] labels) => labels.Sum(truth => labels.Sum(prediction => matrix.Pixels(truth, prediction)));

    private static long Sides(ConfusionMatrix matrix, int[] labels) =>
        matrix.Truth(labels) + Enumerable.Range(0, Segmentation.LesionMask.ClassCount).Sum(truth => labels.Sum(prediction => matrix.Pixels(truth, prediction)));
}
