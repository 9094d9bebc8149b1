using System.Text.Json;
using CtSeg.Testing;
using CtSeg.TrainingJob.Evaluation;

namespace CtSeg.TrainingJob.Tests.Evaluation;

/// <summary>The committed counts of the recipe that ships, docs/results/best, by the names of the slices.</summary>
internal static class BestResults
{
    /// <summary>With the offsets and the temperature of the shipped weights.</summary>
    public static JsonElement Report { get; } = Read("evaluate.json");

    public static IReadOnlyList<(string Name, ConfusionMatrix Counts)> OfReport { get; } = Slices(Report, "pixels");

    /// <summary>Of logits as they are.</summary>
    /// <param name="fold">1 to 5.</param>
    public static IReadOnlyList<(string Name, ConfusionMatrix Counts)> OfFold(int fold) => Slices(Read($"fold{fold}.json"), "atMaskSize");

    private static JsonElement Read(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Root, "docs", "results", "best", name)));
        return document.RootElement.Clone();
    }

    private static IReadOnlyList<(string, ConfusionMatrix)> Slices(JsonElement results, string counts) =>
    [
        .. results.GetProperty("slices").EnumerateArray().Select(slice => (
            slice.GetProperty("name").GetString()!,
            ConfusionMatrix.FromCounts([.. slice.GetProperty(counts).EnumerateArray().Select(count => count.GetInt64())]))),
    ];
}
