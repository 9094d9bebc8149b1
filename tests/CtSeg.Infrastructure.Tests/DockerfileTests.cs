using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests;

public sealed class DockerfileTests
{
    /// <summary>What is mended in one must be in the other.</summary>
    [Fact]
    public void Given_TheImagesOfTheJobs_When_Compared_Then_TheyDifferInTheBackendAlone() => Read("cpu", "cpu").ShouldBe(Read("cuda", "cuda-linux"));

    /// <summary>Without its first line, which says what it is for.</summary>
    private static string Read(string file, string backend)
    {
        var lines = File.ReadAllLines(Path.Combine(Template.OfRepository.Root, "training-job", $"Dockerfile.{file}"));
        lines[0].ShouldStartWith("# ");
        var text = string.Join('\n', lines.Skip(1));
        text.ShouldContain($" -p:TorchBackend={backend} ");
        return text.Replace($" -p:TorchBackend={backend} ", " -p:TorchBackend=... ", StringComparison.Ordinal);
    }
}
