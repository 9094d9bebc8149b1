using System.Text.Json;
using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.Local.Stack;

namespace CtSeg.EndToEnd.Tests.Programs;

[Collection(SerialCollection.Name)]
public sealed class DemoTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ctseg-demo-").FullName;
    private readonly string _model = Checkout.Find().TestModel;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Given_GoodSlicesInTwoFolders_When_Demonstrated_Then_EachHasItsResultAndTheExitCodeIs0()
    {
        Write("one/a.png", TestSlices.Phantom(1));
        Write("two/a.png", TestSlices.Phantom(2));
        Write("two/b.png", TestSlices.Phantom(3));
        Write("two/notes.txt", new BinaryData("no slice"));
        using var demo = new CommandRun("demo", At("one"), At("two"), "--out", At("out"), "--model", _model);

        (await demo.EndAsync()).ShouldBe(0, demo.Said());

        demo.Output[^1].ShouldBe("3 completed, 0 failed");
        foreach (var name in new[] { "one/a.png", "two/a.png", "b.png" })
            Directory.GetFiles(At($"out/{name}")).Select(Path.GetFileName).ShouldBe(["mask.png", "metrics.json", "overlay.png"], ignoreOrder: true);
    }

    [Fact]
    public async Task Given_ABadFileAmongGoodOnes_When_Demonstrated_Then_ItIsNamedAndTheExitCodeIs1()
    {
        Write("good.png", TestSlices.Phantom(4));
        Write("letter.png", new BinaryData("no slice"));
        using var demo = new CommandRun("demo", At("good.png"), At("letter.png"), "--out", At("out"), "--model", _model);

        (await demo.EndAsync()).ShouldBe(1, demo.Said());

        demo.Output[^1].ShouldBe("1 completed, 1 failed");
        demo.Output.ShouldContain(line => line.StartsWith("letter.png: ", StringComparison.Ordinal));
        File.Exists(At("out/good.png/mask.png")).ShouldBeTrue();
        Directory.Exists(At("out/letter.png")).ShouldBeFalse();
    }

    [Fact]
    public async Task Given_NoSlices_When_DemonstratedAsJson_Then_PhantomsAreUsedAndSaid()
    {
        using var demo = new CommandRun("demo", "--limit", "1", "--json", "--out", At("out"), "--model", _model);

        (await demo.EndAsync()).ShouldBe(0, demo.Said());

        demo.Output.ShouldContain(line => line.Contains("phantom", StringComparison.Ordinal));
        using var summary = JsonDocument.Parse(demo.Output.Single(line => line.StartsWith('{')));
        summary.RootElement.GetProperty("completed").GetInt32().ShouldBe(1);
        summary.RootElement.GetProperty("scans")[0].GetProperty("status").GetProperty("state").GetString().ShouldBe("completed");
    }

    [Fact]
    public async Task Given_APathThatIsNotThere_When_Demonstrated_Then_OneSentenceSaysSo()
    {
        using var demo = new CommandRun("demo", At("nothing"));

        (await demo.EndAsync()).ShouldBe(2);

        demo.Output.ShouldHaveSingleItem().ShouldContain("does not exist");
    }

    [Fact]
    public async Task Given_AModelThatIsNone_When_Demonstrated_Then_TheJobIsNamedAndTheExitCodeIs2()
    {
        Directory.CreateDirectory(At("model"));
        using var demo = new CommandRun("demo", "--limit", "1", "--out", At("out"), "--model", At("model"));

        (await demo.EndAsync()).ShouldBe(2, demo.Said());

        demo.Output[^1].ShouldContain("The job");
        demo.Output[^1].ShouldContain("job.log");
    }

    private string At(string name) => Path.Combine(_folder, name);

    private void Write(string name, BinaryData content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllBytes(At(name), content.ToArray());
    }
}
