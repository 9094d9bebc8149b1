using System.Globalization;
using CtSeg.Models;
using CtSeg.TrainingJob.Evaluation;

namespace CtSeg.TrainingJob.Promotion;

/// <summary>
/// Keeps many small losses from adding up: a challenger must not lie more than the margin below the model that the promotions before it began from. As
/// measured, not as proven: the further two networks are apart, the wider their interval, and a proof would refuse most of the better ones.
/// </summary>
internal static class ChainGate
{
    /// <param name="groups">Of which the start has learnt nothing.</param>
    public static ChainComparison Compare(ChainStart start, IReadOnlyList<ComparedGroup> groups, PromotionTerms terms)
    {
        var compared = groups.Where(group => group.Start is not null).ToList();
        if (compared.Count == 0)
            return new ChainComparison(start.Model, 0, []) { Problem = start.Problem ?? $"The model {start.Model.Version} has learnt from all of these groups." };
        return new ChainComparison(start.Model, compared.Count, [.. ForegroundProtocol.Findings.Select(finding => Compare(finding.Name, finding.Labels, compared, terms))]);
    }

    /// <summary>One sentence for each class that lost too much.</summary>
    public static IEnumerable<string> Objections(ChainComparison chain, PromotionTerms terms) => chain.Classes.Where(one => one is { Decides: true, Passes: false }).Select(
        one => string.Create(CultureInfo.InvariantCulture,
            $"{one.Name} has lost {-one.Gain:0.000} Dice since {chain.Model.Version}, the model that the promotions began from, where {terms.Margin:0.###} may be lost in all"));

    private static ChainClass Compare(string name, int[] labels, List<ComparedGroup> groups, PromotionTerms terms)
    {
        var with = groups.Count(group => group.Challenger.Truth(labels) > 0);
        var (start, challenger) = (ConfusionMatrix.Sum(groups.Select(group => group.Start!)).Dice(labels), ConfusionMatrix.Sum(groups.Select(group => group.Challenger)).Dice(labels));
        var decides = with >= terms.MinGroups;
        return new ChainClass(name, with, start, challenger, challenger - start, decides, decides && challenger - start >= -terms.Margin);
    }
}
