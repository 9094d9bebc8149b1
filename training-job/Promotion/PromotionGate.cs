using System.Globalization;
using CtSeg.Models;
using CtSeg.TrainingJob.Evaluation;

namespace CtSeg.TrainingJob.Promotion;

/// <summary>
/// Decides whether a challenger replaces the champion: not worse in every class that enough groups hold, better in all lesions as one class, each at the
/// confidence of the terms, and not below where the promotions began (<see cref="ChainGate"/>). The same counts give the same decision.
/// </summary>
internal static class PromotionGate
{
    /// <param name="shadow">Null where no shadow was asked for.</param>
    /// <exception cref="InvalidDataException">The terms are out of their ranges.</exception>
    /// <exception cref="ArgumentException">The truth of a group is not the same for both models, or a group comes twice.</exception>
    public static PromotionDecision Decide(PromotionTerms terms, ComparedModels models, (ShadowTerms Terms, ShadowSummary Seen)? shadow, DateTime time)
    {
        terms.Validate();
        Require(models.Groups);
        var groups = models.Groups.OrderBy(group => group.Group, StringComparer.Ordinal).ToList();
        var findings = ForegroundProtocol.Findings;
        var draws = new PairedDraws(groups, [.. findings.Select(finding => finding.Labels)], terms.Level);
        var compared = findings.Select((finding, at) => Compare(finding.Name, finding.Labels, groups, draws, at, terms)).ToList();
        var chain = models.Start is { } start ? ChainGate.Compare(start, groups, terms) : null;
        var objections = Objections(compared, terms, chain, shadow).ToList();
        return new PromotionDecision(
            objections.Count == 0,
            objections.Count == 0 ? Praise(compared, terms) : string.Join("; ", objections) + ".",
            models.Champion, models.Challenger, terms, models.EvaluationSet, models.Slices, groups.Count, compared[0], compared[1..], time)
        {
            Shadow = shadow?.Seen,
            Start = chain,
        };
    }

    private static ComparedClass Compare(string name, int[] labels, List<ComparedGroup> groups, PairedDraws draws, int finding, PromotionTerms terms)
    {
        var isOverall = finding == 0;
        var with = groups.Count(group => group.Champion.Truth(labels) > 0);
        var (gain, atLeast) = (draws.Gain(finding), draws.GainAtLeast(finding));
        var decides = with >= terms.MinGroups;
        return new ComparedClass(
            name, with,
            ConfusionMatrix.Sum(groups.Select(group => group.Champion)).Dice(labels),
            ConfusionMatrix.Sum(groups.Select(group => group.Challenger)).Dice(labels),
            gain, atLeast, decides, decides && atLeast > (isOverall ? 0 : -terms.Margin));
    }

    private static IEnumerable<string> Objections(
        List<ComparedClass> compared, PromotionTerms terms, ChainComparison? chain, (ShadowTerms Terms, ShadowSummary Seen)? shadow)
    {
        var (overall, deciding) = (compared[0], compared.Skip(1).Where(one => one.Decides).ToList());
        if (deciding.Count == 0)
        {
            yield return Invariant($"These slices prove nothing: no class is in {terms.MinGroups} groups that neither model learnt from, and {overall.GroupsWithClass} hold a lesion at all");
            yield break;
        }
        foreach (var failed in deciding.Where(one => !one.Passes))
            yield return Invariant($"{failed.Name} is not proven to keep its Dice within {terms.Margin:0.###}: the gain is {Numbers(failed, terms)}");
        if (!overall.Passes)
            yield return Invariant($"All lesions as one class are not proven better: the gain is {Numbers(overall, terms)}");
        foreach (var lost in chain is null ? [] : ChainGate.Objections(chain, terms))
            yield return lost;
        if (shadow is not var (limits, seen))
            yield break;
        if (seen.Failed > 0)
            yield return Invariant($"In shadow the challenger failed on {seen.Failed} of {seen.Failed + seen.Slices} slices");
        if (seen.Slices < limits.NeededSlices())
            yield return Invariant($"In shadow it saw only {seen.Slices} slices in {limits.Hours:0.###} hours, where {limits.NeededSlices()} are needed");
        if (seen.Disagreement > limits.MaxDisagreement)
            yield return Invariant($"In shadow it disagreed about {seen.Disagreement:P0} of the lesion pixels, where {limits.MaxDisagreement:P0} are allowed");
        foreach (var one in seen.Classes.Where(one => one.SlicesWithClass >= limits.NeededSlices() && one.Share > limits.MaxDisagreement))
            yield return Invariant($"In shadow it disagreed about {one.Share:P0} of the pixels of {one.Name}, where {limits.MaxDisagreement:P0} are allowed");
    }

    private static string Praise(List<ComparedClass> compared, PromotionTerms terms)
    {
        var names = string.Join(", ", compared.Skip(1).Where(one => one.Decides).Select(one => one.Name));
        return Invariant($"Not worse in {names} beyond {terms.Margin:0.###} Dice, and better in all lesions as one class: the gain is {Numbers(compared[0], terms)}.");
    }

    private static string Numbers(ComparedClass compared, PromotionTerms terms) => compared.Gain is null
        ? "undefined"
        : Invariant($"{compared.Gain:+0.000;-0.000;0.000}, and at least {compared.GainAtLeast:+0.000;-0.000;0.000} with {100 * terms.Level:0.#} % confidence");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static void Require(IReadOnlyList<ComparedGroup> groups)
    {
        if (groups.Select(group => group.Group).Distinct(StringComparer.Ordinal).Count() < groups.Count)
            throw new ArgumentException("A group comes twice: sum its matrices.", nameof(groups));
        foreach (var group in groups)
            for (var label = 0; label < Segmentation.LesionMask.ClassCount; label++)
                if (group.Champion.Truth([label]) != group.Challenger.Truth([label]) || (group.Start is { } start && start.Truth([label]) != group.Champion.Truth([label])))
                    throw new ArgumentException("The truth of a group is not the same for all models.", nameof(groups));
    }
}
