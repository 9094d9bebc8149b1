using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Model;
using CtSeg.TrainingJob.Tests.Model;
using TorchSharp;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Inference;

[Collection(TorchCollection.Name)]
public sealed class SliceSegmenterTests
{
    [Fact]
    public void Given_ASlice_When_SegmentedAgainAfterOthers_Then_TheMaskIsTheSameAndOfTheOriginalsSize()
    {
        using var segmenter = Create();
        var first = segmenter.Segment(Noise(1, 369, 369), 512, 500);
        segmenter.Segment(Noise(2, 100, 90), 30, 31);
        (first.Width, first.Height).ShouldBe((512, 500));
        first.Labels.Distinct().Count().ShouldBeGreaterThan(1);
        segmenter.Segment(Noise(1, 369, 369), 512, 500).Labels.ShouldBe(first.Labels);
    }

    [Fact]
    public void Given_TwoNetworksOfTheSameWeights_When_TheyRunAfterDifferentSlices_Then_LogitsAreTheSameBitForBit()
    {
        using var scope = NewDisposeScope();
        using var noGradient = inference_mode();
        var (threads, slice) = (get_num_threads(), InputScaling.ToTensor(Noise(1, 150, 130)));
        byte[] Logits(int others)
        {
            using var network = Network([0, 1, 2, 3]);
            network.FoldNormalisation();
            for (var other = 0; other < others; other++)
                SliceSegmenter.Segment(network, InputScaling.ToTensor(Noise(10 + other, 90 + (20 * other), 100)), 50, 50);
            return network.call(slice).bytes.ToArray();
        }
        set_num_threads(2);
        try
        {
            var first = Logits(others: 0);
            Logits(others: 3).SequenceEqual(first).ShouldBeTrue();
            Logits(others: 1).SequenceEqual(first).ShouldBeTrue();
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    [Fact]
    public void Given_ManySlices_When_Segmented_Then_NoTensorIsLeft()
    {
        using var segmenter = Create();
        segmenter.Segment(Noise(1, 64, 64), 80, 80);
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        for (var slice = 0; slice < 5; slice++)
            segmenter.Segment(Noise(slice, 64, 64), 80, 80);
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.ShouldBe(before);
    }

    [Fact]
    public void Given_Logits_When_MadeAMask_Then_LogitsNotLabelsAreScaled()
    {
        using var scope = NewDisposeScope();
        // Class 1 wins on the left by 1, class 2 on the right by 3: between them class 2 takes over before the middle.
        var logits = tensor(new float[] { -9, -9, 1, 0, 0, 3, -9, -9 }, [1, 4, 1, 2]);
        SliceSegmenter.ToMask(logits, 2, 1).Labels.ShouldBe([1, 2]);
        SliceSegmenter.ToMask(logits, 8, 1).Labels.ShouldBe([1, 1, 1, 2, 2, 2, 2, 2]);
    }

    [Fact]
    public void Given_AFile_When_Predicted_Then_TheFolderHoldsMaskOverlayAndMetrics()
    {
        using var segmenter = Create();
        using var folder = new TemporaryFolder();
        var file = PngWriter.Grey(Noise(3, 120, 100));
        var result = PredictedSlice.Predict(segmenter, "slice.png", file, TimeProvider.System);
        result.Save(folder.Path);
        MaskPng.Read(File.ReadAllBytes(folder["mask.png"]), (120, 100)).Labels.ShouldBe(result.Mask.Labels);
        SliceDecoder.Decode(File.ReadAllBytes(folder["overlay.png"])).Grey.Width.ShouldBe(120);
        var metrics = JsonSerializer.Deserialize(File.ReadAllBytes(folder["metrics.json"]), ContractsJson.Default.ScanMetrics)!;
        metrics.ScanId.ShouldBe(ScanId.FromContent("slice.png", file));
        metrics.Model.WeightsSha256.ShouldBe(segmenter.Manifest.WeightsSha256);
        metrics.Lesions.Sum(lesion => lesion.Pixels).ShouldBe(result.Mask.Labels.Count(label => label != 0));
    }

    private static SliceSegmenter Create()
    {
        var network = Network([1, 2, 3]);
        network.FoldNormalisation();
        return new SliceSegmenter(Training.TrainingRunTests.Manifest(network.Configuration), network);
    }

    private static ResidualAttentionUNet Network(int[] levels)
    {
        manual_seed(1);
        var network = new ResidualAttentionUNet(ResidualAttentionUNetTests.Tiny with { AttentionLevels = levels });
        network.eval();
        return network;
    }

    private static GreyImage Noise(int seed, int width, int height)
    {
        var pixels = new byte[width * height];
        new Random(seed).NextBytes(pixels);
        return new GreyImage(width, height, pixels);
    }
}
