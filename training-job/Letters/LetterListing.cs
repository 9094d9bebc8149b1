using System.Text.Json.Serialization;

namespace CtSeg.TrainingJob.Letters;

/// <summary>`dead-letters list --json`.</summary>
/// <param name="Count">Of all groups, and about what is hidden.</param>
/// <param name="Groups">The largest first.</param>
/// <param name="Places">That were looked into.</param>
internal sealed record LetterListing(int Count, IReadOnlyList<LetterGroup> Groups, IReadOnlyList<string> Places)
{
    /// <value>What its place cannot show; only where there is such.</value>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<HiddenLetters>? Hidden { get; init; }

    /// <value>The oldest first; only where they were asked for.</value>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ListedLetter>? Letters { get; init; }

    public static LetterListing Of(LettersFound found, IReadOnlyList<string> places, bool withLetters) => new(
        found.Count,
        [.. found.Letters.GroupBy(letter => (letter.Cause, letter.Queue, letter.Place))
            .Select(group => new LetterGroup(
                group.Key.Cause, group.Key.Queue, group.Key.Place, group.Count(), group.Min(letter => letter.Time), group.Max(letter => letter.Time),
                group.Count(letter => letter.Replays > 0)))
            .OrderByDescending(group => group.Count).ThenBy(group => group.Cause, StringComparer.Ordinal).ThenBy(group => group.Place, StringComparer.Ordinal)],
        places)
    {
        Hidden = found.Hidden.Count > 0 ? found.Hidden : null,
        Letters = withLetters ? [.. found.Letters.Select(ListedLetter.Of)] : null,
    };
}

/// <summary>Letters of one cause in one place.</summary>
/// <param name="Replayed">How many of them were sent again before.</param>
internal sealed record LetterGroup(string Cause, string Queue, string Place, int Count, DateTime Oldest, DateTime Newest, int Replayed);

/// <summary>`dead-letters show --json`, and each letter of a list.</summary>
internal sealed record ListedLetter(string Id, string Cause, string Queue, string Place, DateTime Time, int Deliveries, int Replays)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Scan { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? MessageId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Body { get; init; }

    public static ListedLetter Of(FoundLetter letter) => new(letter.Id, letter.Cause, letter.Queue, letter.Place, letter.Time, letter.Deliveries, letter.Replays)
    {
        Scan = letter.Scan?.ToString(),
        MessageId = letter.MessageId,
        Description = letter.Description,
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(LetterListing))]
[JsonSerializable(typeof(ListedLetter))]
internal sealed partial class LettersJson : JsonSerializerContext;
