using System.Globalization;
using CtSeg.Models;

namespace CtSeg.TrainingRuns;

/// <summary>What a request for a training run may ask for.</summary>
public static class TrainingRunTerms
{
    public const int MaxEpochs = 10_000;
    public const double MaxMinutes = 7 * 24 * 60;
    private const int MaxShadowSlices = 100_000;
    private const double MaxShadowHours = 30 * 24;

    /// <returns>One sentence for each value that is out of its range; empty where the request holds.</returns>
    public static IReadOnlyList<string> ProblemsOf(TrainingRunRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var problems = new List<string>();
        Require(problems, request.Epochs is null or (>= 1 and <= MaxEpochs), $"epochs are {request.Epochs}; 1 to {MaxEpochs} are possible.");
        Require(problems, request.Minutes is null or (> 0 and <= MaxMinutes), $"minutes are {request.Minutes}; more than 0 and at most {MaxMinutes} are possible.");
        CheckPromotion(problems, request.Promotion);
        if (request.Shadow is { } shadow)
            CheckShadow(problems, shadow);
        return problems;
    }

    private static void CheckPromotion(List<string> problems, PromotionTerms terms)
    {
        Require(problems, terms.Margin is >= 0 and <= 0.5, $"promotion.margin is {terms.Margin}; 0 to 0.5 is possible.");
        Require(problems, terms.Level is >= 0.5 and <= 0.999, $"promotion.level is {terms.Level}; 0.5 to 0.999 is possible.");
        Require(problems, terms.MinGroups is >= 2 and <= 10_000, $"promotion.minGroups is {terms.MinGroups}; 2 to 10000 is possible.");
    }

    private static void CheckShadow(List<string> problems, ShadowTerms terms)
    {
        Require(problems, terms.Share is > 0 and <= 1, $"shadow.share is {terms.Share}; more than 0 and at most 1 is possible.");
        Require(problems, terms.Slices is >= 1 and <= MaxShadowSlices, $"shadow.slices are {terms.Slices}; 1 to {MaxShadowSlices} are possible.");
        Require(problems, terms.MinSlices is null || (terms.MinSlices >= 1 && terms.MinSlices <= terms.Slices), $"shadow.minSlices are {terms.MinSlices}; 1 to shadow.slices, {terms.Slices}, are possible.");
        Require(problems, terms.Hours is > 0 and <= MaxShadowHours, $"shadow.hours are {terms.Hours}; more than 0 and at most {MaxShadowHours} are possible.");
        Require(problems, terms.MaxDisagreement is >= 0 and <= 1, $"shadow.maxDisagreement is {terms.MaxDisagreement}; 0 to 1 is possible.");
    }

    private static void Require(List<string> problems, bool holds, FormattableString otherwise)
    {
        if (!holds)
            problems.Add(otherwise.ToString(CultureInfo.InvariantCulture));
    }
}
