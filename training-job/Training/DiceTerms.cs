namespace CtSeg.TrainingJob.Training;

/// <summary>Of what the soft Dice loss is the mean, by the name that the options carry.</summary>
internal static class DiceTerms
{
    /// <summary>There is none: cross entropy alone.</summary>
    public const string None = "none";

    /// <summary>The three lesion classes.</summary>
    public const string Classes = "classes";

    /// <summary>Those lesion classes that the batch holds: one that is absent has no Dice.</summary>
    public const string Present = "present";

    /// <summary>
    /// The lesions as one, and ground-glass opacity and consolidation where the batch holds them. Pleural effusion is left to the cross entropy: it has
    /// so few pixels that its Dice, which is hardly ever above zero, would only shake the rest.
    /// </summary>
    public const string Infection = "infection";

    public static IReadOnlyList<string> All { get; } = [None, Classes, Present, Infection];
}
