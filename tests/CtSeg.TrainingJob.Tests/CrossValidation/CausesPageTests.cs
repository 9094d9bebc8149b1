using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using CtSeg.Testing;
using CtSeg.TrainingJob.CrossValidation;
using CtSeg.TrainingJob.Evaluation;

namespace CtSeg.TrainingJob.Tests.CrossValidation;

/// <summary>The differences on the page of causes, and of the recipe with early attention among the experiments, drawn again from the committed counts.</summary>
public sealed partial class CausesPageTests
{
    private const string Late = "small/small/m-augmented-seed1";
    private const string WithoutLate = "small/small/m-a-augmented-seed1";
    private const string Early = "small/small-early/m-augmented-seed1";
    private const string WithoutEarly = "small/small-early/m-a-augmented-seed1";

    private const string Long = "small/small-long/m-augmented-seed1";
    private const string WithoutLong = "small/small-long/m-a-augmented-seed1";
    private const string UNet = "small/small/unet-augmented-seed1";
    private const string EarlyUNet = "small/small-early/unet-augmented-seed1";
    private const string LongUNet = "small/small-long/unet-augmented-seed1";
    private const string Experiments = "../experiments.md";

    // Share of an interval's width.
    private const double LuckOfDraws = 0.15;
    private const double MostLuck = 0.015;

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
            rows.Add("the same with other first weights, fold 1", "small/small-early/m-augmented-seed2", "small/small-early/m-a-augmented-seed2", [1]);
            foreach (var (label, network, reference) in new[]
            {
                ("`small`, {0}: `m-a`", WithoutLate, UNet), ("`small-early`, {0}: `m-a`", WithoutEarly, EarlyUNet), ("`small-early`, {0}: `m`", Early, EarlyUNet),
            })
            {
                rows.Add(label.Replace("{0}", "folds 1 and 2", StringComparison.Ordinal), network, reference, [1, 2]);
                for (var fold = 1; fold <= 2; fold++)
                    rows.Add(label.Replace("{0}", $"fold {fold}", StringComparison.Ordinal), network, reference, [fold]);
            }
            rows.Add("`small-long`, fold 1: `m-a`", WithoutLong, LongUNet, [1]);
            rows.Add("`small-long`, fold 1: `m`", Long, LongUNet, [1]);
            rows.Add("averaged against last weights, folds 1 to 3", Late, "small/small-unaveraged/m-augmented-seed1", [1, 2, 3]);
            rows.Add("`m-a`, 8 channels", "../tables/folds/m-a-plain-seed1", "../tables/folds/unet-plain-seed1", [1]);
            rows.Add("`m-a`, 16 channels", "paper16/m-a-plain-seed1", "../tables/folds/unet-plain-seed1", [1]);
            return rows;
        }
    }

    /// <summary>A page, figures of it (one of each finding, in their order), the network, what it is compared with, and the folds.</summary>
    public static TheoryData<string, string[], string, string, int[]> Sentences => new()
    {
        { "README.md", ["+0.019 [-0.001, +0.048]", "+0.012 [-0.018, +0.038]"], Early, WithoutEarly, [2, 3] },
        { "README.md", ["+0.020 [+0.006, +0.034]", "+0.028 [+0.015, +0.041]"], WithoutEarly, WithoutLate, [2, 3] },
        { "README.md", ["-0.052 [-0.120, +0.022]", "-0.092 [-0.141, +0.008]"], WithoutEarly, WithoutLate, [1] },
        { "README.md", ["+0.013 [+0.005, +0.025]", "+0.021 [0.000, +0.030]", "+0.006 [-0.002, +0.033]"], Long, WithoutLong, [1] },
        { "README.md", ["+0.010 [-0.012, +0.025]", "+0.003 [-0.038, +0.020]", "-0.020 [-0.042, +0.041]"], WithoutLong, WithoutLate, [1] },
        { "README.md", ["-0.005 [-0.011, -0.001]"], "small/small-level0/m-augmented-seed1", Late, [1] },
        { "README.md", ["-0.004 [-0.012, 0.000]"], "small/small-level3/m-augmented-seed1", Late, [1] },
        { "README.md", ["-0.003 [-0.009, 0.000]"], "small/small-levels23/m-augmented-seed1", Late, [1] },
        { "README.md", ["-0.005 [-0.013, -0.001]"], "small/small-normalised/m-augmented-seed1", Late, [1] },
        { "README.md", ["0.000 [-0.007, +0.003]"], "small/small-positions/m-augmented-seed1", Late, [1] },
        { "README.md", ["-0.001 [-0.002, 0.000]"], "small/small-rounds4/m-augmented-seed1", Late, [1] },
        { "README.md", ["+0.002 [-0.001, +0.004]"], "small/small-heads4/m-augmented-seed1", Late, [1] },
        { "README.md", ["-0.006 [-0.049, +0.027]", "-0.013 [-0.068, +0.037]"], WithoutEarly, WithoutLate, [1, 2, 3] },
        { "README.md", ["+0.078 [+0.009, +0.142]", "+0.132 [+0.011, +0.172]"], LongUNet, UNet, [1] },
        { Experiments, ["-0.000 [-0.014, +0.010]", "+0.003 [-0.024, +0.048]", "+0.004 [-0.043, +0.066]", "-0.038 [-0.144, +0.058]"], "../early600", "../best", [1, 2] },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void Given_ARowOfThePage_When_DrawnAgain_Then_ItsFiguresComeOut(string label, string network, string reference, int[] folds)
    {
        var cells = File.ReadLines(Path.Combine(Folder, "README.md")).Select(line => line.Split(" | ")).Single(cells => cells[0] == $"| {label}")[1..];
        cells.Length.ShouldBeGreaterThan(1);
        ShouldComeOut(cells, network, reference, folds);
    }

    [Theory]
    [MemberData(nameof(Sentences))]
    public void Given_ASentencesFigures_When_DrawnAgain_Then_TheyComeOut(string page, string[] figures, string network, string reference, int[] folds)
    {
        var text = File.ReadAllText(Path.Combine(Folder, page));
        foreach (var figure in figures)
            text.ShouldContain(figure);
        ShouldComeOut(figures, network, reference, folds);
    }

    private static void ShouldComeOut(IEnumerable<string> differences, string network, string reference, int[] folds)
    {
        var pairs = GroupBootstrap.ByGroup(Slices(network, folds).Join(Slices(reference, folds), one => one.Name, other => other.Name, (one, other) => (one, other)), pair => pair.one.Group)
            .Select(group => (One: Sum(group.Select(pair => pair.one)), Other: Sum(group.Select(pair => pair.other)))).ToList();
        foreach (var (difference, (name, labels)) in differences.Zip(ForegroundProtocol.Findings))
        {
            var score = GroupBootstrap.Score(pairs, drawn =>
                ConfusionMatrix.Sum(drawn.Select(pair => pair.One)).Dice(labels) - ConfusionMatrix.Sum(drawn.Select(pair => pair.Other)).Dice(labels));
            var (value, low, high) = Read(difference);
            // The page's program draws other groups: its intervals end elsewhere by the luck of its 2000 draws and of these 1000.
            var luck = Math.Min(MostLuck, 0.001 + ((high - low) * LuckOfDraws));
            value.ShouldBe(score.Value!.Value, 0.0005001, name);
            low.ShouldBe(score.Interval!.Low, luck, name);
            high.ShouldBe(score.Interval.High, luck, name);
        }
    }

    private static IEnumerable<ScoredSlice> Slices(string network, int[] folds) =>
        from fold in folds
        from slice in JsonElement.Parse(File.ReadAllBytes(Path.Combine(Folder, network, $"fold{fold}.json"))).GetProperty("slices").EnumerateArray()
        // Other programs' folds have options that this one does not know; their slices are as ours.
        let read = slice.Deserialize(CrossValidationJson.Default.FoldSlice)!
        select new ScoredSlice(read.Name, read.Group, ConfusionMatrix.FromCounts(read.AtMaskSize));

    private static ConfusionMatrix Sum(IEnumerable<ScoredSlice> slices) => ConfusionMatrix.Sum(slices.Select(slice => slice.Matrix));

    private static (double Value, double Low, double High) Read(string difference)
    {
        var parts = DifferencePattern().Match(difference).Groups;
        return (Number("value"), Number("low"), Number("high"));

        double Number(string part) => double.Parse(parts[part].ValueSpan, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^(?<value>[-+]?[0-9.]+) \[(?<low>[-+]?[0-9.]+), (?<high>[-+]?[0-9.]+)\]", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex DifferencePattern();
}
