namespace CtSeg.TrainingJob.Letters;

/// <summary>Letters that a place holds and cannot show before others are gone.</summary>
/// <param name="Count">About.</param>
internal sealed record HiddenLetters(string Place, int Count);

/// <summary>What lies dead and matches a filter, as far as its places show it.</summary>
/// <param name="Letters">The oldest first.</param>
/// <param name="Hidden">Whether they match, only taking them tells.</param>
internal sealed record LettersFound(IReadOnlyList<FoundLetter> Letters, IReadOnlyList<HiddenLetters> Hidden, LetterFilter Filter)
{
    /// <value>Where none matches: the causes of those that would but for theirs.</value>
    public IReadOnlyList<string> OtherCauses { get; init; } = [];

    /// <value>How many letters may be taken.</value>
    public int Most { get; private init; } = int.MaxValue;

    /// <value>How many letters that may be.</value>
    public int Count => (int)Math.Min(Most, Letters.Count + Hidden.Sum(hidden => (long)hidden.Count));

    /// <param name="all">That are shown.</param>
    public static LettersFound Of(IReadOnlyList<FoundLetter> all, IReadOnlyList<HiddenLetters> hidden, LetterFilter filter)
    {
        var letters = all.Where(filter.Matches).OrderBy(letter => letter.Time).ToList();
        var others = letters.Count == 0 ? all.Where((filter with { Cause = null }).Matches) : [];
        return new LettersFound(letters, hidden, filter) { OtherCauses = [.. others.Select(letter => letter.Cause).Distinct().Order(StringComparer.Ordinal)] };
    }

    /// <summary>The same with fewer.</summary>
    public LettersFound First(int most) =>
        this with { Letters = [.. Letters.Take(most)], Hidden = Letters.Count < most ? Hidden : [], Most = most };

    /// <summary>What to say where there is nothing.</summary>
    public string Absence(string where) => OtherCauses.Count == 0
        ? $"There are no such dead letters{where}."
        : $"There are no such dead letters{where}: those that there are have other causes ({string.Join(", ", OtherCauses)}).";
}

/// <summary>What a replay did not reach.</summary>
/// <param name="Left">Letters that somebody else held or took.</param>
/// <param name="Hidden">Letters that somebody else holds, of which nobody knows whether they were meant.</param>
internal sealed record Unreached(IReadOnlyList<FoundLetter> Left, IReadOnlyList<HiddenLetters> Hidden);
