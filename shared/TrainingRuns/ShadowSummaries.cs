using CtSeg.Models;
using CtSeg.Segmentation;

namespace CtSeg.TrainingRuns;

/// <summary>Compares masks, and sums what a shadow saw.</summary>
public static class ShadowSummaries
{
    /// <summary>The lesion classes in their order, then all of them as one.</summary>
    /// <exception cref="ArgumentException">The masks differ in size.</exception>
    public static (IReadOnlyList<ClassDisagreement> Classes, ClassDisagreement Overall) Compare(LesionMask champion, LesionMask challenger)
    {
        ArgumentNullException.ThrowIfNull(champion);
        ArgumentNullException.ThrowIfNull(challenger);
        if (champion.Width != challenger.Width || champion.Height != challenger.Height)
            throw new ArgumentException($"A mask of {challenger.Width} x {challenger.Height} cannot be compared with one of {champion.Width} x {champion.Height}.", nameof(challenger));
        // By the class of the champion and that of the challenger.
        var pixels = new long[LesionMask.ClassCount * LesionMask.ClassCount];
        for (var at = 0; at < champion.Labels.Length; at++)
            pixels[champion.Labels[at] * LesionMask.ClassCount + challenger.Labels[at]]++;
        var classes = Enumerable.Range(1, LesionMask.ClassCount - 1)
            .Select(label => Count(pixels, ((LesionClass)label).Token, other => other == label))
            .ToList();
        return (classes, Count(pixels, ShadowResult.Infection, other => other != 0));
    }

    /// <summary>Pixels are summed, not shares: a slice without lesions says little.</summary>
    /// <param name="results">Of one champion and one challenger; those in which the challenger failed are counted only.</param>
    public static ShadowSummary Sum(IEnumerable<ShadowResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        var (slices, failed) = (0, 0);
        var overall = new ClassDisagreement(ShadowResult.Infection, 0, 0, 0);
        var classes = Enumerable.Range(1, LesionMask.ClassCount - 1)
            .Select(label => new ClassDisagreement(((LesionClass)label).Token, 0, 0, 0) { SlicesWithClass = 0 }).ToArray();
        foreach (var result in results)
        {
            if (result.Overall is not { } seen)
            {
                failed++;
                continue;
            }
            slices++;
            overall = Add(overall, seen);
            for (var at = 0; at < classes.Length; at++)
                if (result.Classes.FirstOrDefault(one => one.Name == classes[at].Name) is { } one)
                    classes[at] = Add(classes[at], one);
        }
        return new ShadowSummary(slices, failed, overall.Share, classes);
    }

    private static ClassDisagreement Count(long[] pixels, string name, Func<int, bool> belongs)
    {
        long champion = 0, challenger = 0, both = 0;
        for (var at = 0; at < pixels.Length; at++)
        {
            var (ofChampion, ofChallenger) = (belongs(at / LesionMask.ClassCount), belongs(at % LesionMask.ClassCount));
            champion += ofChampion ? pixels[at] : 0;
            challenger += ofChallenger ? pixels[at] : 0;
            both += ofChampion && ofChallenger ? pixels[at] : 0;
        }
        return new ClassDisagreement(name, champion, challenger, both);
    }

    private static ClassDisagreement Add(ClassDisagreement sum, ClassDisagreement one) => sum with
    {
        ChampionPixels = sum.ChampionPixels + one.ChampionPixels,
        ChallengerPixels = sum.ChallengerPixels + one.ChallengerPixels,
        BothPixels = sum.BothPixels + one.BothPixels,
        SlicesWithClass = sum.SlicesWithClass + (one.ChampionPixels + one.ChallengerPixels > 0 ? 1 : 0),
    };
}
