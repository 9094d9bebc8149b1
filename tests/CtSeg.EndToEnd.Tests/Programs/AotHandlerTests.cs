using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.Local.Bench;
using CtSeg.Local.Stack;

namespace CtSeg.EndToEnd.Tests.Programs;

/// <summary>Takes minutes; only with <c>./ctseg test --all</c>.</summary>
[Collection(SerialCollection.Name)]
[Trait("Category", "Slow")]
public sealed class AotHandlerTests : IDisposable
{
    // A new one: the compiler warns only of what it compiles.
    private readonly string _folder = Directory.CreateTempSubdirectory("ctseg-aot-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Given_TheFunctionsApp_When_CompiledAheadOfTime_Then_NothingIsWarnedOfAndItAnswers()
    {
        var published = new AotHandler(Checkout.Find(), _folder, TimeProvider.System);

        var code = await published.PublishAsync(TestContext.Current.CancellationToken);

        var said = await File.ReadAllTextAsync(published.PublishLog, TestContext.Current.CancellationToken);
        // The SDK's words when there is no linker (clang or gcc) or no objcopy.
        Assert.SkipWhen(code != 0 && said.Contains("not found in PATH", StringComparison.Ordinal), "Native AOT needs clang or gcc, and objcopy: install them to run this test.");
        code.ShouldBe(0, said);
        said.ShouldNotContain("warning");
        var (handler, answer) = await published.StartAsync(TestContext.Current.CancellationToken);
        await using (handler)
            answer.ShouldBe("{}");
    }
}
