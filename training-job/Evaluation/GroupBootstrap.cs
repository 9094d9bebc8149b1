using CtSeg.Models;

namespace CtSeg.TrainingJob.Evaluation;

/// <summary>
/// 95 % intervals by drawing whole groups with replacement: slices of one group are likely of one patient, and so not independent.
/// </summary>
internal static class GroupBootstrap
{
    /// <summary>Stands beside every interval: nobody knows the patients.</summary>
    public const string Caveat = "Groups are a lower bound on overlap between patients.";

    public const int Resamples = 1000;

    // Fixed: every statistic is drawn over the same groups, and the same figures come out twice.
    private const int Seed = 1;

    /// <param name="groups">One entry a group, in an order that does not change.</param>
    /// <param name="statistic">Of a drawn set of groups; draws where it is null do not count.</param>
    /// <returns>Null where there are fewer than two groups or no draw counts.</returns>
    public static ScoreInterval? Interval<T>(IReadOnlyList<T> groups, Func<IReadOnlyList<T>, double?> statistic)
    {
        if (groups.Count < 2)
            return null;
        var random = new Random(Seed);
        var draws = new List<double>();
        for (var draw = 0; draw < Resamples; draw++)
        {
            var drawn = Enumerable.Range(0, groups.Count).Select(_ => groups[random.Next(groups.Count)]).ToList();
            if (statistic(drawn) is { } value)
                draws.Add(value);
        }
        draws.Sort();
        return draws.Count == 0 ? null : new ScoreInterval(Quantiles.Of(draws, 0.025), Quantiles.Of(draws, 0.975));
    }

    /// <summary>A statistic of all groups with its interval.</summary>
    public static IntervalScore Score<T>(IReadOnlyList<T> groups, Func<IReadOnlyList<T>, double?> statistic) => new(statistic(groups), Interval(groups, statistic));

    /// <summary>The mean of all values of the drawn groups, some of which may have none.</summary>
    /// <returns>Null where fewer than two groups have values: one alone would give an interval without width.</returns>
    public static ScoreInterval? IntervalOfMean(IReadOnlyList<IReadOnlyList<double?>> groups) =>
        groups.Count(values => values.Any(value => value is not null)) < 2 ? null : Interval(groups, drawn => drawn.SelectMany(values => values).Average());

    /// <summary>Items by their group, in an order that does not depend on that of the items.</summary>
    public static IEnumerable<IGrouping<string, T>> ByGroup<T>(IEnumerable<T> items, Func<T, string> group) =>
        items.GroupBy(group).OrderBy(entry => entry.Key, StringComparer.Ordinal);
}
