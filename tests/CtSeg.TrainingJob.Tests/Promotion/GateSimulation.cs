using CtSeg.Models;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Promotion;

namespace CtSeg.TrainingJob.Tests.Promotion;

/// <summary>
/// Challengers whose true gain is known: decisions on groups that are drawn from a finite population, over which the gain of every class is exact.
/// </summary>
/// <remarks>
/// The population resembles the groups of the public data set as a recipe segments them (docs/results/long1000): how many groups hold a class
/// (98 %, 80 %, 28 %), sizes of lesions (lognormal, mean of the logarithm 9.1, 8.2 and 6.8 pixels, deviation 1.0, 1.5 and 1.05), the Dice of groups
/// (deviation about 0.2, higher for larger lesions), and lesions that a model sees where there are none. Champion and challenger differ in a group by
/// 0.05 Dice (deviation), more in small lesions: they stem from one another. Two networks trained apart differed by 0.11 and more; such challengers need
/// more groups.
/// </remarks>
internal sealed class GateSimulation
{
    private const int Population = 2000;

    private static readonly ClassOfLesions[] Classes =
    [
        new(Share: 0.98, LogSize: 9.1, SizeDeviation: 1.0, Logit: 0.7, LogitBySize: 0.35, LogitDeviation: 0.8),
        new(Share: 0.80, LogSize: 8.2, SizeDeviation: 1.5, Logit: 0.1, LogitBySize: 0.4, LogitDeviation: 0.9),
        new(Share: 0.28, LogSize: 6.8, SizeDeviation: 1.05, Logit: -0.5, LogitBySize: 0.3, LogitDeviation: 0.9),
    ];

    private readonly (ConfusionMatrix Champion, ConfusionMatrix Challenger, ConfusionMatrix? Start)[] _groups;

    /// <param name="gains">True gain of each lesion class in pooled Dice.</param>
    /// <param name="deviation">Of the difference in Dice between the models from group to group.</param>
    /// <param name="before">What the promotions to the champion gained in each class; null where there were none.</param>
    public GateSimulation(IReadOnlyList<double> gains, double deviation = 0.05, IReadOnlyList<double>? before = null)
    {
        // The start of the chain has a sequence of its own: it changes nothing in the others.
        var (random, ofStart) = (new Random(1), new Random(3));
        var counts = Enumerable.Range(0, Population).Select(_ => (Champion: new long[16], Challenger: new long[16], Start: new long[16])).ToArray();
        for (var at = 0; at < Classes.Length; at++)
        {
            var lesions = Enumerable.Range(0, Population).Select(_ => Lesion.Draw(Classes[at], deviation, random)).ToArray();
            var shift = Shift(lesions, gains[at]);
            for (var group = 0; group < Population; group++)
                lesions[group].Count(at + 1, shift, counts[group].Champion, counts[group].Challenger);
            if (before is null)
                continue;
            var earlier = lesions.Select(lesion => lesion.Differing(deviation, ofStart)).ToArray();
            shift = Shift(earlier, -before[at]);
            for (var group = 0; group < Population; group++)
                earlier[group].Count(at + 1, shift, new long[16], counts[group].Start);
        }
        _groups = [.. counts.Select(group => (Whole(group.Champion), Whole(group.Challenger), before is null ? null : Whole(group.Start)))];
    }

    /// <value>By class, over the whole population.</value>
    public IReadOnlyList<double> TrueGains =>
    [
        .. Enumerable.Range(1, Classes.Length).Select(label =>
            ConfusionMatrix.Sum(_groups.Select(group => group.Challenger)).Dice(label)!.Value - ConfusionMatrix.Sum(_groups.Select(group => group.Champion)).Dice(label)!.Value),
    ];

    /// <returns>Share of the decisions that promote.</returns>
    public double Promoted(int decisions, int groups, PromotionTerms terms)
    {
        var random = new Random(2);
        var (champion, challenger, start) = (new ServedModel("a", new string('a', 64)), new ServedModel("b", new string('b', 64)), new ServedModel("c", new string('c', 64)));
        var promoted = 0;
        for (var decision = 0; decision < decisions; decision++)
        {
            var drawn = Enumerable.Range(0, groups)
                .Select(at => (Group: $"{at:000}", Of: _groups[random.Next(Population)]))
                .Select(group => new ComparedGroup(group.Group, group.Of.Champion, group.Of.Challenger) { Start = group.Of.Start }).ToList();
            var models = new ComparedModels(champion, challenger, "simulated", groups, drawn) { Start = drawn[0].Start is null ? null : new ChainStart(start, Problem: null) };
            if (PromotionGate.Decide(terms, models, null, DateTime.UnixEpoch).Promote)
                promoted++;
        }
        return (double)promoted / decisions;
    }

    /// <summary>With as much background as makes the truth the same for both models.</summary>
    private static ConfusionMatrix Whole(long[] counts)
    {
        counts[0] = 10_000_000 - counts[1] - counts[2] - counts[3];
        return ConfusionMatrix.FromCounts(counts);
    }

    /// <summary>What every challenger's Dice must be moved by for the pooled gain to be exact.</summary>
    private static double Shift(Lesion[] lesions, double gain)
    {
        var (low, high) = (-0.6, 0.6);
        for (var halving = 0; halving < 60; halving++)
        {
            var middle = (low + high) / 2;
            (low, high) = Gain(lesions, middle) < gain ? (middle, high) : (low, middle);
        }
        return (low + high) / 2;
    }

    private static double Gain(Lesion[] lesions, double shift)
    {
        var (champion, challenger) = (new long[16], new long[16]);
        foreach (var lesion in lesions)
            lesion.Count(1, shift, champion, challenger);
        return ConfusionMatrix.FromCounts(challenger).Dice(1)!.Value - ConfusionMatrix.FromCounts(champion).Dice(1)!.Value;
    }

    /// <param name="Share">Of the groups that hold it.</param>
    /// <param name="LogSize">Mean of the logarithm of its pixels.</param>
    /// <param name="Logit">Of the champion's Dice in a lesion of mean size.</param>
    private sealed record ClassOfLesions(double Share, double LogSize, double SizeDeviation, double Logit, double LogitBySize, double LogitDeviation);

    /// <param name="True">Pixels; 0 in a group without the class.</param>
    /// <param name="Marked">Pixels that either model gives the class.</param>
    /// <param name="Difference">Of the Dice, before the shift.</param>
    private sealed record Lesion(long True, long Marked, long MarkedByChallenger, double Dice, double Difference)
    {
        public static Lesion Draw(ClassOfLesions kind, double deviation, Random random)
        {
            var (isThere, size, own, between, marked, seen) =
                (random.NextDouble() < kind.Share, Normal(random), Normal(random), Normal(random), Normal(random), random.NextDouble());
            if (!isThere)
            {
                var falsely = seen < 0.15 ? (long)Math.Exp(5.5 + (1.2 * size)) : 0;
                return new Lesion(0, falsely, (long)(falsely * Math.Exp(0.3 * between)), 0, 0);
            }
            var pixels = (long)Math.Clamp(Math.Exp(kind.LogSize + (kind.SizeDeviation * size)), 50, 150_000);
            var dice = 1 / (1 + Math.Exp(-(kind.Logit + (kind.LogitBySize * size) + (kind.LogitDeviation * own))));
            var given = (long)(pixels * Math.Exp(0.3 * marked));
            return new Lesion(pixels, given, given, dice, between * deviation * (1 - (0.2 * Math.Clamp(size, -2, 2))));
        }

        /// <summary>The same lesion, as another model than the challenger sees it.</summary>
        public Lesion Differing(double deviation, Random random) => this with { Difference = Normal(random) * deviation };

        /// <summary>Adds the pixels of both models; what is not shared is background on the other side.</summary>
        public void Count(int label, double shift, long[] champion, long[] challenger)
        {
            Add(champion, label, Marked, Dice);
            Add(challenger, label, MarkedByChallenger, Dice + shift + Difference);
        }

        private void Add(long[] counts, int label, long marked, double dice)
        {
            var both = True == 0 ? 0 : Math.Clamp((long)Math.Round(dice * (True + marked) / 2), 0, Math.Min(True, marked));
            counts[(4 * label) + label] += both;
            counts[4 * label] += True - both;
            counts[label] += marked - both;
        }

        private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
    }
}
