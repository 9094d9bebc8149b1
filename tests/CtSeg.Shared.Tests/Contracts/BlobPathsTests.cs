using CtSeg.Contracts;

namespace CtSeg.Shared.Tests.Contracts;

public sealed class BlobPathsTests
{
    private static readonly ScanId Scan = ScanId.Parse("0011223344556677");

    [Fact]
    public void Given_Scan_When_Named_Then_AsTheDesignSays()
    {
        BlobPaths.PreprocessedImage(Scan).ShouldBe("0011223344556677/image.png");
        BlobPaths.Manifest(Scan).ShouldBe("0011223344556677/manifest.json");
        BlobPaths.Mask(Scan).ShouldBe("0011223344556677/mask.png");
        BlobPaths.Overlay(Scan).ShouldBe("0011223344556677/overlay.png");
        BlobPaths.Metrics(Scan).ShouldBe("0011223344556677/metrics.json");
        BlobPaths.Status(Scan).ShouldBe("0011223344556677.json");
        BlobPaths.ModelCard("v1").ShouldBe("v1/model.json");
        BlobPaths.ModelWeights("v1").ShouldBe("v1/weights.safetensors");
        BlobPaths.CurrentModel.ShouldBe("current.json");
        BlobPaths.DeadLetter("0011223344556677-1").ShouldBe("dead-letters/0011223344556677-1.json");
        BlobPaths.DiscardedLetter("letter-1").ShouldBe("dead-letters/discarded/letter-1.json");
    }

    [Fact]
    public void Given_ContainersAndQueues_When_Listed_Then_AsTheDesignSays()
    {
        Containers.All.ShouldBe(["slices", "preprocessed", "results", "status", "training-data", "corrections", "training-runs", "models", "audit"]);
        Queues.All.ShouldBe(["upload-events", "segmentation-requests", "segmentation-completed", "training-requests", "alerts"]);
        Queues.DeadLettersOf("q").ShouldBe("q/$deadletterqueue");
    }
}
