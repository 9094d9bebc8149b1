using System.Text.Json.Serialization;

namespace CtSeg.Models;

/// <summary>When a challenger may replace the champion.</summary>
/// <param name="Margin">Dice of a class that may be lost within doubt, 0 to 0.5.</param>
/// <param name="Level">One-sided confidence of every statement, 0.5 to 0.999.</param>
/// <param name="MinGroups">A class that fewer groups of the locked set hold is reported and does not decide; at least 2.</param>
public sealed record PromotionTerms(double Margin = 0.02, double Level = 0.95, int MinGroups = 5)
{
    /// <exception cref="InvalidDataException">A value is out of its range; the message says which.</exception>
    public void Validate()
    {
        if (Margin is not (>= 0 and <= 0.5))
            throw new InvalidDataException("The margin must be a Dice from 0 to 0.5.");
        if (Level is not (>= 0.5 and <= 0.999))
            throw new InvalidDataException("The level must be a confidence from 0.5 to 0.999.");
        if (MinGroups < 2)
            throw new InvalidDataException("At least 2 groups must hold a class before it decides.");
    }
}

/// <summary>How long a challenger runs beside the champion.</summary>
/// <param name="Share">Of the live slices, above 0 to 1.</param>
/// <param name="Slices">After which the decision is made.</param>
/// <param name="Hours">After which it is made in any case.</param>
/// <param name="MaxDisagreement">
/// Share of lesion pixels, of both together, in which the two may differ; above it the challenger is refused. It holds for all lesions as one class, and
/// for each class that either gives on at least <see cref="NeededSlices"/> slices; rarer ones are reported.
/// </param>
public sealed record ShadowTerms(double Share = 0.1, int Slices = 50, double Hours = 24, double MaxDisagreement = 0.5)
{
    /// <summary>Slices without which a challenger is refused, 1 to <see cref="Slices"/>; a fifth of them where null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? MinSlices { get; init; }

    // No property: an order that names one that is ignored would be accepted.
    public int NeededSlices() => MinSlices ?? Math.Max(1, (int)Math.Ceiling(Slices / 5.0));
}

/// <summary><c>models/{version}/decision.json</c>: whether the challenger is proven not worse in any class and better overall, with the numbers.</summary>
/// <param name="Groups">Of the locked set that neither model learnt from.</param>
/// <param name="Reason">One sentence.</param>
/// <param name="Overall">Of all lesions as one class.</param>
/// <param name="Classes">One entry for each lesion class.</param>
public sealed record PromotionDecision(
    bool Promote, string Reason, ServedModel Champion, ServedModel Challenger, PromotionTerms Terms, string EvaluationSet, int Slices, int Groups,
    ComparedClass Overall, IReadOnlyList<ComparedClass> Classes, DateTime Time)
{
    public int SchemaVersion { get; init; } = 1;

    /// <summary>Null where no shadow was asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ShadowSummary? Shadow { get; init; }

    /// <summary>Null where no promotion led to the champion, or the challenger is that beginning.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ChainComparison? Start { get; init; }
}

/// <summary>The challenger against the model that the promotions to the champion began from, as measured: in no class may it lie more than the margin below.</summary>
/// <param name="Model">That somebody put into use by force, or the first.</param>
/// <param name="Groups">Of those that were compared, those that it has not learnt from.</param>
/// <param name="Classes">All lesions as one class, then each; empty where it could not be compared.</param>
public sealed record ChainComparison(ServedModel Model, int Groups, IReadOnlyList<ChainClass> Classes)
{
    /// <summary>One sentence: why it could not be compared, and so decides nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Problem { get; init; }
}

/// <param name="GroupsWithClass">Groups whose truth holds it.</param>
/// <param name="Gain">Challenger's Dice less that of the start; null where one of them is undefined.</param>
/// <param name="Decides">Whether enough groups hold it.</param>
public sealed record ChainClass(string Name, int GroupsWithClass, double? StartDice, double? ChallengerDice, double? Gain, bool Decides, bool Passes);

/// <summary>Champion against challenger in one class, pooled over the pixels of the locked set.</summary>
/// <param name="GroupsWithClass">Groups whose truth holds it.</param>
/// <param name="Gain">Challenger's Dice less the champion's; null where one of them is undefined.</param>
/// <param name="GainAtLeast">Lower end of the one-sided interval of the gain, by paired bootstrap over groups.</param>
/// <param name="Decides">Whether enough groups hold it.</param>
/// <param name="Passes">Of one that decides: not worse than the margin allows; overall: better.</param>
public sealed record ComparedClass(
    string Name, int GroupsWithClass, double? ChampionDice, double? ChallengerDice, double? Gain, double? GainAtLeast, bool Decides, bool Passes);

/// <summary>What a shadow saw.</summary>
/// <param name="Slices">That both segmented.</param>
/// <param name="Failed">That the challenger failed on.</param>
/// <param name="Disagreement">Of all lesions as one class: pixels that only one of the two marks, as a share of those that any marks; null where none does.</param>
public sealed record ShadowSummary(int Slices, int Failed, double? Disagreement, IReadOnlyList<ClassDisagreement> Classes);

/// <param name="ChampionPixels">That the champion gives the class.</param>
/// <param name="ChallengerPixels">That the challenger gives it.</param>
/// <param name="BothPixels">That both give it.</param>
public sealed record ClassDisagreement(string Name, long ChampionPixels, long ChallengerPixels, long BothPixels)
{
    /// <summary>Of a sum: slices on which either gives the class; null of one slice.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? SlicesWithClass { get; init; }

    /// <value>Pixels that only one of them gives the class, as a share of those that any does; null where none does.</value>
    [JsonIgnore]
    public double? Share => ChampionPixels + ChallengerPixels - BothPixels is var any and > 0 ? (any - BothPixels) / (double)any : null;
}
