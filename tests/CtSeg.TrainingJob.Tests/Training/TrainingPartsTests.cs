using CsCheck;
using CtSeg.Imaging;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Training;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Training;

[Collection(TorchCollection.Name)]
public sealed class TrainingPartsTests
{
    [Fact]
    public void Given_AnyGroups_When_Split_Then_NoGroupIsOnBothSidesAndNoSliceIsLost() =>
        Gen.Select(Gen.Int[0, 9].Array[2, 60], Gen.Double[0.05, 0.9], Gen.Int[0, 1000])
            .Where((groups, _, _) => groups.Distinct().Count() > 1)
            .Sample((groups, share, seed) =>
            {
                var slices = groups.Select((group, index) => new LabelledSlice(
                    $"s{index}", $"g{group}", new GreyImage(1, 1, [0]), new LesionMask(1, 1, [0]))).ToList();
                var split = GroupSplit.Create(slices, share, seed);
                split.Training.Select(slice => slice.Group).Intersect(split.HeldOut.Select(slice => slice.Group)).ShouldBeEmpty();
                split.Training.Concat(split.HeldOut).Select(slice => slice.Name).Order().ShouldBe(slices.Select(slice => slice.Name).Order());
                split.Training.ShouldNotBeEmpty();
                split.HeldOut.ShouldNotBeEmpty();
                int[] SizesOf(IEnumerable<LabelledSlice> side) => [.. side.GroupBy(slice => slice.Group).Select(group => group.Count())];
                var (held, wanted) = (split.HeldOut.Count, share * slices.Count);
                (held <= 2 * wanted || held == SizesOf(slices).Min()).ShouldBeTrue();
                if (SizesOf(split.Training) is { Length: > 1 } left)
                    left.ShouldAllBe(size => Math.Abs(held + size - wanted) >= Math.Abs(held - wanted));
                GroupSplit.Create(slices, share, seed).HeldOut.ShouldBe(split.HeldOut);
            }, iter: 300, threads: 1);

    [Fact]
    public void Given_AnyGroups_When_DealtIntoFolds_Then_EverySliceIsHeldOutOnceAndNoGroupIsOnBothSides() =>
        Gen.Select(Gen.Int[0, 15].Array[5, 60], Gen.Int[2, 5], Gen.Int[0, 1000])
            .Where((groups, folds, _) => groups.Distinct().Count() >= folds)
            .Sample((groups, folds, seed) =>
            {
                var slices = groups.Select((group, index) => new LabelledSlice(
                    $"s{index}", $"g{group}", new GreyImage(1, 1, [0]), new LesionMask(1, 1, [0]))).ToList();
                var splits = GroupSplit.Folds(slices, folds, seed);
                splits.Count.ShouldBe(folds);
                splits.SelectMany(split => split.HeldOut).Select(slice => slice.Name).Order().ShouldBe(slices.Select(slice => slice.Name).Order());
                foreach (var split in splits)
                {
                    split.HeldOut.ShouldNotBeEmpty();
                    split.Training.Select(slice => slice.Group).Intersect(split.HeldOut.Select(slice => slice.Group)).ShouldBeEmpty();
                    (split.Training.Count + split.HeldOut.Count).ShouldBe(slices.Count);
                }
                var largest = groups.GroupBy(group => group).Max(group => group.Count());
                (splits.Max(split => split.HeldOut.Count) - splits.Min(split => split.HeldOut.Count)).ShouldBeLessThanOrEqualTo(largest);
            }, iter: 300, threads: 1);

    [Fact]
    public void Given_FewerGroupsThanFolds_When_Dealt_Then_ItIsRefused()
    {
        var slice = new LabelledSlice("s", "g", new GreyImage(1, 1, [0]), new LesionMask(1, 1, [0]));
        Should.Throw<TrainingDataException>(() => GroupSplit.Folds([slice, slice], 2, 1)).Message.ShouldContain("folds");
    }

    [Fact]
    public void Given_OneGroup_When_Split_Then_ItIsRefusedUnlessNothingIsHeldOut()
    {
        var slice = new LabelledSlice("s", "g", new GreyImage(1, 1, [0]), new LesionMask(1, 1, [0]));
        Should.Throw<TrainingDataException>(() => GroupSplit.Create([slice, slice], 0.5, 1));
        var all = GroupSplit.Create([slice, slice], heldOutShare: 0, 1);
        all.Training.ShouldBe([slice, slice]);
        all.HeldOut.ShouldBeEmpty();
    }

    // An image that is bright exactly where its mask is 1 must stay so in every view.
    [Fact]
    public void Given_AMarkedImage_When_Augmented_Then_MaskAndImageMoveAlike()
    {
        using var scope = NewDisposeScope();
        var mask = zeros(1, 1, 512, 512);
        mask.narrow(2, 100, 200).narrow(3, 250, 150).fill_(1);
        var image = nn.functional.interpolate(mask, [369, 369], mode: InterpolationMode.Area).mul(1.6).sub(0.8);
        var augmentation = new Augmentation(size: 128, seed: 1, new Variation { Deformation = 0.01 });
        var marked = 0.0;
        var means = new HashSet<long>();
        for (var epoch = 0; epoch < 40; epoch++)
        {
            var (view, classes) = augmentation.Apply(image, mask, epoch, slice: 3, view: 0);
            view.shape.ShouldBe([1, 1, 128, 128]);
            classes.shape.ShouldBe([1, 128, 128]);
            var bright = view.squeeze(1).gt(0).to(ScalarType.Int64);
            bright.ne(classes).to(ScalarType.Float32).mean().item<float>().ShouldBeLessThan(0.02f);
            marked += classes.to(ScalarType.Float32).mean().item<float>();
            means.Add(classes.sum().item<long>());
            augmentation.Apply(image, mask, epoch, slice: 3, view: 0).Image.SameAs(view).ShouldBeTrue();
        }
        marked.ShouldBeGreaterThan(1);
        means.Count.ShouldBeGreaterThan(30);
    }

    [Fact]
    public void Given_FourPixels_When_TheLossIsComputed_Then_ItIsAsByHand()
    {
        using var scope = NewDisposeScope();
        // Probabilities 1/4 everywhere; truth 1, 1, 0, 2.
        var loss = SegmentationLoss.Compute(zeros(1, 4, 2, 2), tensor(new[] { 1L, 1, 0, 2 }, [1, 2, 2]), new TrainingOptions()).item<float>();
        double Dice(int pixels) => ((2 * 0.25 * pixels) + 1) / (1 + pixels + 1);
        ((double)loss).ShouldBe(Math.Log(4) + 1 - ((Dice(2) + Dice(1) + Dice(0)) / 3), 1e-6);
    }

    [Fact]
    public void Given_FourPixels_When_TheDiceIsOfThePresentClasses_Then_TheAbsentOneDoesNotCount()
    {
        using var scope = NewDisposeScope();
        var loss = SegmentationLoss.Compute(
            zeros(1, 4, 2, 2), tensor(new[] { 1L, 1, 0, 2 }, [1, 2, 2]), new TrainingOptions { Dice = DiceTerms.Present }).item<float>();
        double Dice(int pixels) => ((2 * 0.25 * pixels) + 1) / (1 + pixels + 1);
        ((double)loss).ShouldBe(Math.Log(4) + 1 - ((Dice(2) + Dice(1)) / 2), 1e-6);
        SegmentationLoss.Compute(zeros(1, 4, 2, 2), zeros([1, 2, 2], ScalarType.Int64), new TrainingOptions { Dice = DiceTerms.Present })
            .item<float>().ShouldBe((float)Math.Log(4), 1e-6);
    }

    [Fact]
    public void Given_FourPixels_When_TheDiceIsOfTheInfection_Then_ItIsTheMeanOfTheWholeAndTheTwoCommonClasses()
    {
        using var scope = NewDisposeScope();
        var options = new TrainingOptions { Dice = DiceTerms.Infection };
        double Loss(params long[] truth) => SegmentationLoss.Compute(zeros(1, 4, 2, 2), tensor(truth, [1, 2, 2]), options).item<float>();
        double Lack(double probability, int pixels) => 1 - (((2 * probability * pixels) + 1) / ((4 * probability) + pixels + 1));
        Loss(1, 1, 0, 2).ShouldBe(Math.Log(4) + ((Lack(0.25, 2) + Lack(0.25, 1) + Lack(0.75, 3)) / 3), 1e-6);
        // Pleural effusion counts as infection, but has no term of its own; what is absent has none either.
        Loss(3, 1, 0, 0).ShouldBe(Math.Log(4) + ((Lack(0.25, 1) + Lack(0.75, 2)) / 2), 1e-6);
        Loss(0, 0, 0, 0).ShouldBe(Math.Log(4) + Lack(0.75, 0), 1e-6);
    }

    [Fact]
    public void Given_AStage_When_ItsOptionsAreTaken_Then_ItsViewsAreSmallerAndShowAsMuch()
    {
        var options = new TrainingOptions { InputSize = 224, Variation = new Variation { MinZoom = 0.8, MaxZoom = 1.2 } };
        var stage = new TrainingStage(Until: 0.5, Size: 0.7).Of(options);
        stage.InputSize.ShouldBe(160);
        stage.Variation.MinZoom!.Value.ShouldBe(0.8 * 160 / 224, 1e-12);
        stage.Variation.MaxZoom.ShouldBe(1.2 * 160 / 224, 1e-12);
        new TrainingStage(0.5, 0.5).Of(options with { InputSize = 48 }).InputSize.ShouldBe(32);
        using var scope = NewDisposeScope();
        var (image, mask) = (arange(0, 64).div(32).sub(1).reshape(1, 1, 1, 64).expand(1, 1, 64, 64).contiguous(), zeros(1, 1, 64, 64));
        var (whole, part) = (Views.Create(options with { InputSize = 64 }), Views.Create(new TrainingStage(0.5, 0.5).Of(options with { InputSize = 64 })));
        var (large, small) = (whole.Apply(image, mask, 0, 0, 0).Image, part.Apply(image, mask, 0, 0, 0).Image);
        small.shape.ShouldBe([1, 1, 32, 32]);
        nn.functional.avg_pool2d(large, 2).sub(small).abs().mean().item<float>().ShouldBeLessThan(0.02f);
    }

    [Fact]
    public void Given_WeightsOfClasses_When_TheLossIsComputed_Then_PixelsCountByTheirs()
    {
        using var scope = NewDisposeScope();
        var logits = zeros(1, 4, 2, 2);
        logits.narrow(1, 1, 1).fill_((float)Math.Log(5));
        // Probabilities 1/8, 5/8, 1/8, 1/8; truth 1, 1, 0, 2.
        var options = new TrainingOptions { Dice = DiceTerms.None, ClassWeights = [1, 2, 4, 8] };
        var loss = SegmentationLoss.Compute(logits, tensor(new[] { 1L, 1, 0, 2 }, [1, 2, 2]), options).item<float>();
        ((double)loss).ShouldBe(((2 * 2 * Math.Log(8 / 5.0)) + ((1 + 4) * Math.Log(8))) / (2 + 2 + 1 + 4), 1e-6);
    }

    [Theory]
    [InlineData(1.5, 0.0)]
    [InlineData(1.0, 0.2)]
    public void Given_GammaOrNoise_When_Augmented_Then_GreyValuesChangeWithinTheirRangeAndTheMaskDoesNot(double gamma, double noise)
    {
        using var scope = NewDisposeScope();
        var image = rand(1, 1, 64, 64).mul(2).sub(1);
        var mask = randint(0, 4, [1, 1, 64, 64]).to(ScalarType.Float32);
        var (plain, classes) = new Augmentation(64, seed: 1, new Variation()).Apply(image, mask, epoch: 0, slice: 0, view: 0);
        var (varied, sameClasses) = new Augmentation(64, seed: 1, new Variation { Gamma = gamma, Noise = noise }).Apply(image, mask, epoch: 0, slice: 0, view: 0);
        varied.allclose(plain, atol: 1e-3).ShouldBeFalse();
        varied.abs().max().item<float>().ShouldBeLessThanOrEqualTo(1);
        Correlation(varied, plain).ShouldBeGreaterThan(0.9f);
        sameClasses.Equals(classes).ShouldBeTrue();
    }

    [Fact]
    public void Given_FourPixels_When_TheLossIsCrossEntropyOnly_Then_ItIsAsByHand()
    {
        using var scope = NewDisposeScope();
        var logits = zeros(1, 4, 2, 2);
        logits.narrow(1, 1, 1).fill_((float)Math.Log(5));
        // Probabilities 1/8, 5/8, 1/8, 1/8; truth 1, 1, 0, 2.
        var loss = SegmentationLoss.Compute(logits, tensor(new[] { 1L, 1, 0, 2 }, [1, 2, 2]), new TrainingOptions { Dice = DiceTerms.None }).item<float>();
        ((double)loss).ShouldBe(((2 * Math.Log(8 / 5.0)) + (2 * Math.Log(8))) / 4, 1e-6);
    }

    [Fact]
    public void Given_AFunction_When_Minimised_Then_StepsEqualThoseOfTorchsAdamW()
    {
        using var scope = NewDisposeScope();
        var own = new[] { rand(4, 3).requires_grad_(), rand(4, 3).requires_grad_() };
        var theirs = own.Select(parameter => new TorchSharp.Modules.Parameter(parameter.detach().clone())).ToArray();
        using var optimiser = new AdamW([("w", own[0]), ("late", own[1])], weightDecay: 0.1);
        using var reference = optim.AdamW(theirs, lr: 0.01, weight_decay: 0.1);
        // The second has no gradient before the tenth step.
        Tensor Sum(IReadOnlyList<Tensor> parameters, int step) => step < 10 ? parameters[0].pow(4).sum() : parameters[0].pow(4).sum() + parameters[1].pow(4).sum();
        for (var step = 0; step < 20; step++)
        {
            foreach (var parameter in own)
                parameter.grad?.zero_();
            Sum(own, step).backward();
            optimiser.Step(0.01);
            reference.zero_grad();
            Sum(theirs, step).backward();
            reference.step();
        }
        foreach (var (one, other) in own.Zip(theirs))
            one.sub(other).abs().max().item<float>().ShouldBeLessThan(1e-6f);
    }

    [Fact]
    public void Given_OneCycle_When_Followed_Then_TheRateRisesToTheHighestAndFallsToNearlyNothing()
    {
        var rates = Enumerable.Range(0, 101).Select(step => LearningRateSchedule.At(step, 101, 2)).ToList();
        rates[0].ShouldBe(2.0 / 25, 1e-12);
        rates[10].ShouldBe(2, 1e-12);
        rates[55].ShouldBe(1.001, 1e-9);
        rates[100].ShouldBe(0.002, 1e-12);
        rates.Take(11).ShouldBeInOrder();
        rates.Skip(10).ShouldBeInOrder(SortDirection.Descending);
    }

    [Theory]
    [InlineData("slice,group\na,g1\n", "cannot be read")]
    [InlineData("slice,group\n../a,g1\n", "not a file name")]
    [InlineData("slice,group\na\n", "fields")]
    [InlineData("slice,group\na,\n", "gives 'a' no group")]
    [InlineData("slice,group\na, \n", "gives 'a' no group")]
    [InlineData("slice,group\n", "names no slice")]
    [InlineData("name,group\na,g1\n", "columns")]
    public void Given_ABrokenDataFolder_When_Loaded_Then_TheReasonIsGiven(string list, string reason)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["slices.csv"], list);
        Should.Throw<TrainingDataException>(() => TrainingData.Load(folder.Path)).Message.ShouldContain(reason);
    }

    [Fact]
    public void Given_WhiteSpaceInATable_When_Read_Then_ItMakesNoOtherGroup()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["slices.csv"], "slice, group\na,g1 \n b,g1\n");
        SliceTable.Read(folder["slices.csv"]).ShouldBe([("a", "g1"), ("b", "g1")]);
    }

    [Theory]
    [InlineData("a,g1\na,g2\n", "names 'a' more than once")]
    [InlineData("a,g1\nb,g2\n", "'a' and 'b' are the same picture in several groups")]
    public void Given_SlicesThatCouldLieOnBothSides_When_Loaded_Then_ItIsRefused(string lines, string reason)
    {
        using var folder = new TemporaryFolder();
        WriteSlices(folder, "a", "b");
        File.WriteAllText(folder["slices.csv"], "slice,group\n" + lines);
        Should.Throw<TrainingDataException>(() => TrainingData.Load(folder.Path)).Message.ShouldContain(reason);
    }

    [Fact]
    public void Given_AnotherSizeAndWindowOfASliceInAnotherGroup_When_Loaded_Then_ItIsRefused()
    {
        using var folder = new TemporaryFolder();
        WriteSlices(folder, "a", "b", "c");
        // 16 x 16 blocks of any grey.
        GreyImage Blocks(int seed, int side, double contrast)
        {
            var random = new Random(seed);
            var blocks = Enumerable.Range(0, 16 * 16).Select(_ => random.Next(256)).ToArray();
            return new(side, side, [.. Enumerable.Range(0, side * side).Select(pixel => (byte)(20 + (contrast * blocks[(pixel / side * 16 / side * 16) + (pixel % side * 16 / side)])))]);
        }
        File.WriteAllBytes(Path.Combine(folder["images"], "a.png"), PngWriter.Grey(Blocks(1, 160, 0.9)));
        File.WriteAllBytes(Path.Combine(folder["images"], "b.png"), PngWriter.Grey(Blocks(2, 160, 0.9)));
        File.WriteAllBytes(Path.Combine(folder["images"], "c.png"), PngWriter.Grey(Blocks(1, 240, 0.7)));
        File.WriteAllText(folder["slices.csv"], "slice,group\na,g1\nb,g2\nc,g3\n");
        Should.Throw<TrainingDataException>(() => TrainingData.Load(folder.Path)).Message.ShouldContain("'a' and 'c' are one picture");
        File.WriteAllText(folder["slices.csv"], "slice,group\na,g1\nb,g2\nc,g1\n");
        TrainingData.Load(folder.Path).Slices.Count.ShouldBe(3);
    }

    // Half of 7 x 5 is 3.5 x 2.5 pixels, rounded either way.
    [Theory]
    [InlineData(7, 5, 7, 5, true)]
    [InlineData(7, 5, 14, 10, true)]
    [InlineData(7, 5, 3, 2, true)]
    [InlineData(7, 5, 4, 3, true)]
    [InlineData(7, 5, 5, 7, false)]
    [InlineData(7, 5, 5, 5, false)]
    [InlineData(512, 512, 369, 369, true)]
    [InlineData(512, 512, 512, 511, false)]
    public void Given_AMaskOfAnotherSize_When_Loaded_Then_ItIsRefusedUnlessItsSidesAreInProportion(int width, int height, int maskWidth, int maskHeight, bool isUsed)
    {
        using var folder = new TemporaryFolder();
        WriteSlices(folder, "a");
        File.WriteAllBytes(Path.Combine(folder["images"], "a.png"), PngWriter.Grey(new GreyImage(width, height, new byte[width * height])));
        File.WriteAllBytes(Path.Combine(folder["masks"], "a.png"), MaskPng.Write(new LesionMask(maskWidth, maskHeight, new byte[maskWidth * maskHeight])));
        File.WriteAllText(folder["slices.csv"], "slice,group\na,g\n");
        if (isUsed)
            TrainingData.Load(folder.Path).Slices.ShouldHaveSingleItem().Mask.Width.ShouldBe(maskWidth);
        else
            Should.Throw<TrainingDataException>(() => TrainingData.Load(folder.Path)).Message.ShouldContain($"has {maskWidth} x {maskHeight} pixels, its image {width} x {height}");
    }

    [Fact]
    public void Given_ADataFolder_When_Loaded_Then_SlicesArePreprocessedAndHashed()
    {
        using var folder = new TemporaryFolder();
        WriteSlices(folder, "a", "b");
        File.WriteAllBytes(Path.Combine(folder["images"], "b.png"), PngWriter.Grey(new GreyImage(2, 2, [9, 9, 9, 200])));
        File.WriteAllText(folder["slices.csv"], "slice,group,px\nb,g2,1\na,g1,1\n");
        var data = TrainingData.Load(folder.Path);
        data.Slices.Select(slice => (slice.Name, slice.Group)).ShouldBe([("a", "g1"), ("b", "g2")]);
        data.Slices[0].Image.Width.ShouldBe(369);
        data.Slices[0].Mask.Labels.ShouldBe([0, 1, 2, 3]);
        File.WriteAllText(folder["slices.csv"], "slice,group,px\nb,g1,1\na,g1,1\n");
        TrainingData.Load(folder.Path).Sha256.ShouldNotBe(data.Sha256);
    }

    private static void WriteSlices(TemporaryFolder folder, params string[] names)
    {
        Directory.CreateDirectory(folder["images"]);
        Directory.CreateDirectory(folder["masks"]);
        foreach (var name in names)
        {
            File.WriteAllBytes(Path.Combine(folder["images"], name + ".png"), PngWriter.Grey(new GreyImage(2, 2, [9, 9, 9, 9])));
            File.WriteAllBytes(Path.Combine(folder["masks"], name + ".png"), MaskPng.Write(new LesionMask(2, 2, [0, 1, 2, 3])));
        }
    }

    private static float Correlation(Tensor one, Tensor other)
    {
        var (a, b) = (one.sub(one.mean()), other.sub(other.mean()));
        return a.mul(b).sum().div(a.norm().mul(b.norm())).item<float>();
    }
}
