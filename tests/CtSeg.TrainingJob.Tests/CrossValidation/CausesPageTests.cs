using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using CtSeg.Testing;
using CtSeg.TrainingJob.CrossValidation;
using CtSeg.TrainingJob.Evaluation;

namespace CtSeg.TrainingJob.Tests.CrossValidation;

/// <summary>The differences on the page of causes, drawn again from the counts beside it.</summary>
public sealed partial class CausesPageTests
{
    private const string Late = "small/small/m-augmented-seed1";
    private const string WithoutLate = "small/small/m-a-augmented-seed1";
    private const string Early = "small/small-early/m-augmented-seed1";
    private const string WithoutEarly = "small/small-early/m-a-augmented-seed1";

    // The page's program draws other groups; its intervals end elsewhere by the luck of its 2000 draws and of these 1000.
    private const double LuckOfDraws = 0.015;

    private static readonly string Folder = Path.Combine(Repository.Root, "docs", "results", "causes");

    /// <summary>A row's label, the network, what it is compared with, and the folds.</summary>
    public static TheoryData<string, string, string, int[]> Rows
    {
        get
        {
            var rows = new TheoryData<string, string, string, int[]>();
            foreach (var (label, network, reference) in new[]
            {
                ("joins late", Late, WithoutLate), ("from the first epoch on", Early, WithoutEarly), ("from the first epoch on, against late", Early, Late),
            })
            {
                rows.Add(label, network, reference, [1, 2, 3]);
                for (var fold = 1; fold <= 3; fold++)
                    rows.Add($"{label}, fold {fold}", network, reference, [fold]);
            }
            foreach (var (label, recipe) in new[]
            {
                ("all four levels", "small"), ("the first level alone", "small-level0"), ("the two deepest levels", "small-levels23"),
                ("the deepest level alone", "small-level3"), ("all four, four rounds of hashing in place of two", "small-rounds4"),
                ("all four, four heads in place of two", "small-heads4"), ("all four, queries that know their position", "small-positions"),
                ("all four, queries and values of a normalised map", "small-normalised"),
            })
                rows.Add(label, $"small/{recipe}/m-augmented-seed1", WithoutLate, [1]);
            rows.Add("`m-a`, 8 channels", "../tables/folds/m-a-plain-seed1", "../tables/folds/unet-plain-seed1", [1]);
            rows.Add("`m-a`, 16 channels", "paper16/m-a-plain-seed1", "../tables/folds/unet-plain-seed1", [1]);
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Given_ARowOfThePage_When_DrawnAgain_Then_ItsFiguresComeOut(string label, string network, string reference, int[] folds)
    {
        var cells = File.ReadLines(Path.Combine(Folder, "README.md")).Select(line => line.Split(" | ")).Single(cells => cells[0] == $"| {label}")[1..];
        cells.Length.ShouldBeGreaterThan(1);
        var pairs = GroupBootstrap.ByGroup(Slices(network, folds).Join(Slices(reference, folds), one => one.Name, other => other.Name, (one, other) => (one, other)), pair => pair.one.Group)
            .Select(group => (One: Sum(group.Select(pair => pair.one)), Other: Sum(group.Select(pair => pair.other)))).ToList();
        foreach (var (cell, (name, labels)) in cells.Zip(ForegroundProtocol.Findings))
        {
            var score = GroupBootstrap.Score(pairs, drawn =>
                ConfusionMatrix.Sum(drawn.Select(pair => pair.One)).Dice(labels) - ConfusionMatrix.Sum(drawn.Select(pair => pair.Other)).Dice(labels));
            var (value, low, high) = Difference(cell);
            value.ShouldBe(score.Value!.Value, 0.0005001, name);
            low.ShouldBe(score.Interval!.Low, LuckOfDraws, name);
            high.ShouldBe(score.Interval.High, LuckOfDraws, name);
        }
    }

    private static IEnumerable<ScoredSlice> Slices(string network, int[] folds) =>
        from fold in folds
        from slice in JsonElement.Parse(File.ReadAllBytes(Path.Combine(Folder, network, $"fold{fold}.json"))).GetProperty("slices").EnumerateArray()
        // Other programs' folds have options that this one does not know; their slices are as ours.
        let read = slice.Deserialize(CrossValidationJson.Default.FoldSlice)!
        select new ScoredSlice(read.Name, read.Group, ConfusionMatrix.FromCounts(read.AtMaskSize));

    private static ConfusionMatrix Sum(IEnumerable<ScoredSlice> slices) => ConfusionMatrix.Sum(slices.Select(slice => slice.Matrix));

    private static (double Value, double Low, double High) Difference(string cell)
    {
        var parts = DifferencePattern().Match(cell).Groups;
        return (Number("value"), Number("low"), Number("high"));

        double Number(string part) => double.Parse(parts[part].ValueSpan, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^(?<value>[-+]?[0-9.]+) \[(?<low>[-+]?[0-9.]+), (?<high>[-+]?[0-9.]+)\]", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex DifferencePattern();
}
