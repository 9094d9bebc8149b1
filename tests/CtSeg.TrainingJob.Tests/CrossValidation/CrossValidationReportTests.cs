using CtSeg.Models;
using CtSeg.TrainingJob.CrossValidation;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Tests.Training;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests.CrossValidation;

[Collection(TorchCollection.Name)]
public sealed class CrossValidationReportTests
{
    private static readonly CrossValidationRun[] Runs =
    [
        new(Architectures.Full, Augmented: true, Seed: 1), new(Architectures.Full, Augmented: true, Seed: 2), new(Architectures.UNet, Augmented: true, Seed: 1),
    ];

    private static readonly CrossValidationPlan Plan = new(new TrainingOptions(), Runs, Folds: 2, FoldSeed: 1, Steps: 4);

    // Two folds of a slice each; ground-glass only.
    private static readonly IReadOnlyList<FoldResult> Some =
    [
        Fold(0, "g1", [4, 2, 0, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Fold(1, "g2", [6, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ];

    private static readonly IReadOnlyList<FoldResult> All =
    [
        Fold(0, "g1", [6, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Fold(1, "g2", [6, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ];

    [Fact]
    public void Given_TwoSeeds_When_Reported_Then_ScoresAreTheMeansOfThoseByHand()
    {
        var network = Report().Networks[0];
        network.Seeds.ShouldBe([1, 2]);
        // Seed 1: 6 right of 8 true and 8 predicted lesion pixels; seed 2: 8 of 8 and 8.
        network.Findings[0].DiceOfSeeds.ShouldBe([0.75, 1]);
        network.Findings[0].Dice.Value!.Value.ShouldBe(0.875, 1e-12);
        network.Findings[0].SlicesWithClass.ShouldBe(2);
        // Seed 1: slices of 2 right of 4 and 4, and of 4 of 4 and 4.
        network.Findings[0].MeanPerImage.Value!.Value.ShouldBe((((0.5 + 1) / 2) + 1) / 2, 1e-12);
        network.Findings[3].MeanPerImage.ShouldBe(new IntervalScore(null, null));
        network.Findings[3].Dice.Value.ShouldBeNull();
        network.MicroDice.Value!.Value.ShouldBe(((16.0 / 20) + 1) / 2, 1e-12);
        // Background and ground-glass of seed 1: 10 right of 12 and 12, 6 of 8 and 8.
        network.MeanClassDice.Value!.Value.ShouldBe((((10.0 / 12) + (6.0 / 8)) / 2 / 2) + 0.5, 1e-12);
        // Precision of seed 1: background 10 of 12, ground-glass 6 of 8.
        network.MeanClassPrecision.Value!.Value.ShouldBe((((10.0 / 12) + (6.0 / 8)) / 2 / 2) + 0.5, 1e-12);
    }

    [Fact]
    public void Given_SeedsThatAreGoodAtOneGroupEach_When_Reported_Then_SeedsAreDrawnApartFromGroups()
    {
        long[] right = [6, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], nothing = [6, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        var results = new Dictionary<CrossValidationRun, IReadOnlyList<FoldResult>>
        {
            [Runs[0]] = [Fold(0, "g1", right), Fold(1, "g2", nothing)],
            [Runs[1]] = [Fold(0, "g1", nothing), Fold(1, "g2", right)],
        };
        // One group twice, and twice the seed that found nothing there: one draw in eight.
        CrossValidationReport.Create(Plan, TrainingRunTests.Circles(4), results).Networks[0].Findings[0].Dice.Interval!.Low.ShouldBe(0, 1e-12);
    }

    [Fact]
    public void Given_ResultsInAnyOrder_When_Reported_Then_TheNetworksStandAsPlanned()
    {
        var results = new Dictionary<CrossValidationRun, IReadOnlyList<FoldResult>> { [Runs[2]] = Some, [Runs[1]] = All, [Runs[0]] = Some };
        CrossValidationReport.Create(Plan, TrainingRunTests.Circles(4), results).Networks.Select(network => network.Architecture)
            .ShouldBe([Architectures.Full, Architectures.UNet]);
    }

    [Fact]
    public void Given_TwoNetworks_When_Compared_Then_TheLeadAndItsIntervalAreThoseOfTheSameGroups()
    {
        var difference = Report().Differences.ShouldHaveSingleItem();
        difference.Claimed.ShouldBe(0.12, 1e-12);
        // The U-Net is as m with its first seed.
        difference.Findings[0].Dice.Value!.Value.ShouldBe(0.125, 1e-12);
        // Group 1 alone, twice the second seed: 1 - 2/4; group 2 alone, or twice the first seed: both are alike.
        difference.Findings[0].Dice.Interval!.Low.ShouldBe(0, 1e-12);
        difference.Findings[0].Dice.Interval!.High.ShouldBe(0.5, 1e-12);
        difference.Seeds.ShouldBe(1);
    }

    [Fact]
    public void Given_AllNetworks_When_Compared_Then_EachPartIsMeasuredBesideTheOtherAndAlone()
    {
        bool[] views = [true, false];
        var results = Architectures.All.SelectMany(architecture => views.Select(augmented => new CrossValidationRun(architecture, augmented, Seed: 1)))
            .ToDictionary(run => run, run => run.Architecture is Architectures.WithoutResNeXt ? All : Some);
        var report = CrossValidationReport.Create(Plan, TrainingRunTests.Circles(2), results);
        report.Differences.Where(difference => difference.Augmented).Select(difference => (difference.Architecture, difference.Other, Math.Round(difference.Claimed, 2)))
            .ShouldBe([("m", "m-a", 0.09), ("m", "m-r", 0.10), ("m", "unet", 0.12), ("m-r", "unet", 0.02), ("m-a", "unet", 0.03)]);
        report.Differences.Where(difference => !difference.Augmented).Select(difference => (difference.Architecture, difference.Other, Math.Round(difference.Claimed, 2)))
            .ShouldBe([("m", "m-a", 0.04), ("m", "m-r", 0.06), ("m", "unet", 0.08), ("m-r", "unet", 0.02), ("m-a", "unet", 0.04)]);
        report.Differences.ShouldAllBe(difference => difference.Augmented == difference.OtherAugmented);

        var text = CrossValidationTables.Write(report, "x");

        var parts = text.Split("### What a part alone adds to the U-Net\n")[1].Split("###")[0];
        parts.ShouldContain("| attention (m-r - unet) | augmented | +0.02 | +0.208 [0.000, +0.417] | direction open, paper's size in the interval, one seed | +0.250 ");
        parts.ShouldContain("| ResNeXt blocks (m-a - unet) | as they are | +0.04 | 0.000 [0.000, 0.000] | direction open, paper's size above, one seed |");
        text.Split("### What `m` reaches more than another network\n")[1].Split("###")[0].ShouldNotContain("- unet");
    }

    [Fact]
    public void Given_ThePapersNetworkIsMissing_When_Written_Then_OnlyThePartsThatCanBeAreMeasured()
    {
        var text = CrossValidationTables.Write(
            CrossValidationReport.Create(Plan, TrainingRunTests.Circles(2), new Dictionary<CrossValidationRun, IReadOnlyList<FoldResult>>
            {
                [new CrossValidationRun(Architectures.WithoutAttention, Augmented: true, Seed: 1)] = All,
                [Runs[2]] = Some,
            }), "x");
        text.ShouldNotContain("What `m` reaches");
        text.ShouldContain("| ResNeXt blocks (m-a - unet) | augmented | +0.03 |");
        text.ShouldNotContain("attention (m-r");
    }

    [Fact]
    public void Given_NetworksOfUnlikeSize_When_Written_Then_TheirWeightsAndWhatTheyMayDoAreSaid()
    {
        var configuration = new ModelConfiguration { BaseChannels = 8 };
        IReadOnlyList<FoldResult> Of(CrossValidationRun run) =>
            [.. Some.Select(fold => fold with { Options = fold.Options with { Configuration = configuration with { Architecture = run.Architecture } } })];
        var report = CrossValidationReport.Create(Plan, TrainingRunTests.Circles(2), new[] { Runs[0], Runs[2] }.ToDictionary(run => run, Of));
        report.Networks.Select(network => network.Weights).ShouldBe([139_104, 494_756]);
        var text = CrossValidationTables.Write(report, "x");
        text.ShouldContain("| m | augmented | 139,104 | ");
        text.ShouldContain("| unet | augmented | 494,756 | ");
        text.ShouldContain(" As a multiple of the U-Net's: `m` 0.28. ");
        CrossValidationTables.Write(report with { Networks = [report.Networks[0]] }, "x").ShouldNotContain("As a multiple of");
    }

    // Eighteen slices of each fold in batches of four: 27 steps of 108 views, 5 of the slices as they are.
    [Fact]
    public void Given_SlicesForTenFolds_When_Reported_Then_TheStepsOfThePapersSettingAreThoseByHand()
    {
        var results = new Dictionary<CrossValidationRun, IReadOnlyList<FoldResult>> { [Runs[0]] = Some };
        var report = CrossValidationReport.Create(Plan, TrainingRunTests.Circles(20), results);
        report.StepsOfPaperSetting.ShouldBe(4 * 10 * 100 * (27 + 5));
        CrossValidationTables.Write(report, "x").ShouldContain("--base-channels 64`: weeks to months on 2 cores, 128,000 optimiser steps in all.");
        CrossValidationReport.Create(Plan, TrainingRunTests.Circles(18), results).StepsOfPaperSetting.ShouldBeNull();
    }

    [Fact]
    public void Given_AReport_When_Written_Then_TheTablesHoldScoresPapersFiguresAndVerdicts()
    {
        var text = CrossValidationTables.Write(Report(), "./ctseg cross-validate --data x");
        text.ShouldContain("`./ctseg cross-validate --data x`");
        text.ShouldContain("| m | augmented | 2 | 0.875 [0.500, 1.000], 0.750 to 1.000 |");
        text.ShouldContain("| 0.94, in the interval | 0.900 ");
        // Mean of the classes of group 1 alone: 1 in the second seed, (8 / 12 + 4 / 8) / 2 in the others.
        text.ShouldContain("| unet | augmented | +0.12 | +0.104 [0.000, +0.417] | direction open, paper's size in the interval, one seed |");
        text.ShouldContain(ForegroundProtocol.RuleOfImages);
        text.ShouldContain("| m | augmented | 0.875 [0.500, 1.000] | 0.875 [0.500, 1.000] | - | - |");
        text.ShouldNotContain("What augmentation adds");
        text.ShouldContain("\n1. Z80, 1 thread, commit abc\n");
        text.ShouldContain("Not run: the paper's full setting");
        text.ShouldContain(GroupBootstrap.Caveat);
    }

    [Fact]
    public void Given_TheSlices_When_NothingIsPredicted_Then_ItsFiguresAreThoseByHandAndStandBesideTheNetworks()
    {
        var nothing = Report().AllBackground;
        // Two slices with 6 pixels of background and 4 of ground-glass opacity: 12 right of 20, and of 12 true and 20 predicted ones of the background.
        nothing.MicroDice.Value!.Value.ShouldBe(0.6, 1e-12);
        nothing.MeanClassDice.Value!.Value.ShouldBe(2.0 * 12 / (12 + 20) / 2, 1e-12);
        nothing.MeanClassPrecision.Value!.Value.ShouldBe(0.6 / 2, 1e-12);
        var text = CrossValidationTables.Write(Report(), "x");
        text.ShouldContain("| all background | - | 0.375 [0.375, 0.375] | - | 0.600 [0.600, 0.600] | - | 0.300 [0.300, 0.300] | - |\n| m | augmented |");
        text.IndexOf("## Foreground protocol", StringComparison.Ordinal).ShouldBeInRange(0, text.IndexOf("## Paper protocol", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(8, 10, 64, 100, true)]
    [InlineData(7, 10, 64, 100, false)]
    [InlineData(8, 9, 64, 100, false)]
    [InlineData(8, 10, 16, 100, false)]
    [InlineData(8, 10, 64, 99, false)]
    public void Given_FoldsOfThePapersSetting_When_Written_Then_NothingIsSaidNotToHaveBeenRun(int networks, int folds, int baseChannels, int epochs, bool isPapers)
    {
        var paper = TrainingOptions.OfRecipe("paper");
        paper = paper with { Configuration = paper.Configuration with { BaseChannels = baseChannels }, ScoreEvery = 0, Epochs = epochs };
        var runs = Architectures.All.SelectMany(architecture => new[] { true, false }.Select(augmented => new CrossValidationRun(architecture, augmented, Seed: 1))).Take(networks).ToList();
        var plan = new CrossValidationPlan(paper, runs, folds, FoldSeed: 1, Steps: null);
        var report = CrossValidationReport.Create(plan, TrainingRunTests.Circles(2), runs.ToDictionary(
            run => run, run => (IReadOnlyList<FoldResult>)[.. Some.Select(fold => fold with { Options = plan.OptionsOf(run, []) })]));
        report.IsPaperSetting.ShouldBe(isPapers);
        CrossValidationTables.Write(report, "x").Contains("Not run", StringComparison.Ordinal).ShouldBe(!isPapers);
    }

    // The plan's epochs are the recipe's; wanted steps decide others, fold by fold.
    [Fact]
    public void Given_WantedSteps_When_Written_Then_TheConfigurationIsThatOfTheFolds()
    {
        var recipe = TrainingOptions.OfRecipe("paper") with { ScoreEvery = 0 };
        var (augmented, plain) = (new CrossValidationRun(Architectures.Full, Augmented: true, Seed: 1), new CrossValidationRun(Architectures.UNet, Augmented: false, Seed: 1));
        var plan = new CrossValidationPlan(recipe, [augmented, plain], Folds: 2, FoldSeed: 1, Steps: 1500);
        FoldResult Ran(CrossValidationRun run, int fold, int epochs, int steps) =>
            Some[fold] with { Options = (plan with { Steps = null }).OptionsOf(run, []) with { Epochs = epochs }, Steps = steps };
        var report = CrossValidationReport.Create(plan, TrainingRunTests.Circles(2), new Dictionary<CrossValidationRun, IReadOnlyList<FoldResult>>
        {
            [augmented] = [Ran(augmented, 0, 16, 1520), Ran(augmented, 1, 15, 1440)],
            [plain] = [Ran(plain, 0, 94, 1504), Ran(plain, 1, 94, 1504)],
        });

        var text = CrossValidationTables.Write(report, "x");

        text.ShouldContain("| m | augmented: `paper` | 15 to 16 | 1440 to 1520 |");
        text.ShouldContain("| unet | as they are: `none` | 94 | 1504 |");
        report.Options.Select(option => option.Key).ShouldBe(
            ["configuration", "dice", "classWeights", "oneCycle", "inputSize", "batchSize", "stages", "attendsFrom", "learningRate", "attendsRate", "weightDecay", "averageDecay"]);
        report.Options["configuration"]!["baseChannels"]!.GetValue<int>().ShouldBe(16);
        report.Options["configuration"]!.AsObject().ContainsKey("architecture").ShouldBeFalse();
        report.Networks.ShouldAllBe(network => network.OwnOptions.Count == 0);
        text.ShouldContain("\"learningRate\": 0.001");
        foreach (var notRun in new[] { "\"epochs\"", "heldOutShare", "inputCheckSteps", "scoreEvery", "variation", "\"seed\"" })
            text.ShouldNotContain(notRun);
    }

    [Fact]
    public void Given_NetworksThatDifferInAnotherOption_When_Written_Then_EachHasItsOwn()
    {
        // Crops leave the side of the input as it is, whole slices are predicted at the size they are trained on.
        var recipe = TrainingOptions.OfRecipe("best") with { Configuration = new ModelConfiguration { InputSide = 300 } };
        var (augmented, plain) = (new CrossValidationRun(Architectures.Full, Augmented: true, Seed: 1), new CrossValidationRun(Architectures.Full, Augmented: false, Seed: 1));
        var plan = new CrossValidationPlan(recipe, [augmented, plain], Folds: 2, FoldSeed: 1, Steps: null);
        var report = CrossValidationReport.Create(plan, TrainingRunTests.Circles(2), plan.Runs.ToDictionary(
            run => run, run => (IReadOnlyList<FoldResult>)[.. Some.Select(fold => fold with { Options = plan.OptionsOf(run, []) })]));
        var text = CrossValidationTables.Write(report, "x");
        text.ShouldContain("| network | views | epochs | steps of a fold | configuration.inputSide |");
        text.ShouldContain("| m | augmented: `varied` | 1000 | 4 | 300 |");
        text.ShouldContain("| m | as they are: `none` | 1000 | 4 | 224 |");
        text.ShouldContain("\"maxZoom\": 1.4");
    }

    // A loaded machine makes a fold take as long as it likes: the median stays.
    [Fact]
    public void Given_FoldsOfSeveralMachinesAndLoads_When_Written_Then_TimesAreOfAStepAndEachFoldIsCountedWhereItRan()
    {
        var (one, other) = (new TrainingMachine("Z80", 1, "abc"), new TrainingMachine("6502", 1, "abc"));
        FoldResult Took(int fold, double minutes, params TrainingMachine[] machines) => Some[fold % 2] with { Steps = 60, Minutes = minutes, Machines = machines };
        var report = CrossValidationReport.Create(Plan, TrainingRunTests.Circles(2), new Dictionary<CrossValidationRun, IReadOnlyList<FoldResult>>
        {
            [Runs[0]] = [Took(0, 0.4, one), Took(1, 0.5, one)],
            [Runs[1]] = [Took(0, 9, one, other), Took(1, 0.44, other)],
            [Runs[2]] = [Took(0, 0.1, one), Took(1, 0.1, one)],
        });
        report.Machines.ShouldBe([new FoldsOfMachine(one, 5), new FoldsOfMachine(other, 2)]);
        var text = CrossValidationTables.Write(report, "x");
        text.ShouldContain("1. Z80, 1 thread, commit abc\n2. 6502, 1 thread, commit abc\n");
        text.ShouldContain(" | 3 on 1, 2 on 2 | 0.47 (0.4 to 9) |");
        text.ShouldContain(" | 2 on 1 | 0.1 (0.1 to 0.1) |");
        text.ShouldNotContain("minutes");
        text.ShouldContain("All folds were trained by the program of commit abc.");
    }

    [Fact]
    public void Given_FoldsOfTwoPrograms_When_Written_Then_ItIsSaidAtTheTop()
    {
        FoldResult By(int fold, string commit) => Some[fold] with { Machines = [new TrainingMachine("Z80", 1, commit)] };
        var report = CrossValidationReport.Create(Plan, TrainingRunTests.Circles(2), new Dictionary<CrossValidationRun, IReadOnlyList<FoldResult>>
        {
            [Runs[0]] = [By(0, "abc"), By(1, "def")],
        });
        CrossValidationTables.Write(report, "x").Split('\n')[2].ShouldContain("**The folds were trained by 2 programs**, of the commits abc, def");
    }

    [Fact]
    public void Given_ANetworkWithAndWithoutAugmentation_When_Reported_Then_ItsGainIsThatOfTheSameGroups()
    {
        var (plain, augmented) = (new CrossValidationRun(Architectures.UNet, Augmented: false, Seed: 1), new CrossValidationRun(Architectures.UNet, Augmented: true, Seed: 1));
        var report = CrossValidationReport.Create(Plan, TrainingRunTests.Circles(2), new Dictionary<CrossValidationRun, IReadOnlyList<FoldResult>>
        {
            [augmented] = All,
            [plain] = Some,
        });
        report.Differences.ShouldBeEmpty();
        var gain = report.DifferencesOfViews.ShouldHaveSingleItem();
        (gain.Architecture, gain.Augmented, gain.Other, gain.OtherAugmented).ShouldBe(("unet", true, "unet", false));
        gain.Claimed.ShouldBe(0.07, 1e-12);
        gain.Findings[0].Dice.Value!.Value.ShouldBe(0.25, 1e-12);
        // Group 1 alone: 1 - 2/4; group 2 alone: both are alike.
        gain.Findings[0].Dice.Interval!.Low.ShouldBe(0, 1e-12);
        gain.Findings[0].Dice.Interval!.High.ShouldBe(0.5, 1e-12);
        CrossValidationTables.Write(report, "x").ShouldContain("| unet | augmented - as they are | +0.07 |");
    }

    [Theory]
    [InlineData(0.01, 0.05, "same direction, paper's size above")]
    [InlineData(0.01, 0.20, "same direction, paper's size in the interval")]
    [InlineData(0.13, 0.20, "same direction, paper's size below")]
    [InlineData(-0.01, 0.05, "direction open, paper's size above")]
    [InlineData(-0.01, 0.20, "direction open, paper's size in the interval")]
    [InlineData(-0.20, -0.01, "opposite direction, paper's size above")]
    public void Given_APaperThatClaimsTwelveHundredths_When_Judged_Then_DirectionAndSizeAreToldApart(double low, double high, string verdict)
    {
        var report = Report();
        var difference = report.Differences[0] with { Seeds = 2, MeanClassDice = new IntervalScore((low + high) / 2, new ScoreInterval(low, high)) };
        CrossValidationTables.Write(report with { Differences = [difference] }, "x").ShouldContain($"| {verdict} |");
    }

    [Fact]
    public void Given_AClassThatIsNeverPredicted_When_Reported_Then_ItsPrecisionCountsAsNothing()
    {
        // Ground-glass opacity in four pixels, all called background.
        var slice = new FoldSlice("s", "g", [6, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [6, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        var fold = new FoldResult(new TrainingOptions(), "data", 0, Steps: 1, Minutes: 1, LastLoss: 1, [], [slice]);
        var network = new ScoredNetwork("m", augmented: true, new Dictionary<int, IReadOnlyList<FoldResult>> { [1] = [fold] });
        network.Score(new FoldOptions([fold])).MeanClassPrecision.Value!.Value.ShouldBe(0.6 / 2, 1e-12);
    }

    private static CrossValidationReport Report() => CrossValidationReport.Create(
        Plan, TrainingRunTests.Circles(2), new Dictionary<CrossValidationRun, IReadOnlyList<FoldResult>>
        {
            [Runs[0]] = Some,
            [Runs[1]] = All,
            [Runs[2]] = Some,
        });

    private static FoldResult Fold(int fold, string group, params long[] counts) =>
        new(Plan.Options, "data", fold, Steps: 4, Minutes: 2, LastLoss: 1, [new TrainingMachine("Z80", 1, "abc")], [new FoldSlice($"s{fold}", group, counts, counts)]);
}
