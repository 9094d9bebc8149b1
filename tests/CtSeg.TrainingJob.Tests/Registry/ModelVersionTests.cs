using System.Text.Json;
using System.Text.RegularExpressions;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Tests.Registry;

public sealed class ModelVersionTests
{
    private static readonly string Root = Path.GetPathRoot(AppContext.BaseDirectory)!;

    public static TheoryData<string> Names =>
        ["2026.2", "a", "-a", "_a", new string('a', 100), new string('a', 101), "", ".", "..", ".a", "a b", "a/b", "a\\b", "ä", "a+b"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Given_AName_When_AskedFor_Then_ItMayBeUsedIfTheSchemaOfManifestsAllowsIt(string name)
    {
        using var schema = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Schemas", "model.json")));
        var pattern = schema.RootElement.GetProperty("definitions").GetProperty("version").GetProperty("pattern").GetString()!;
        if (Regex.IsMatch(name, pattern, RegexOptions.None, TimeSpan.FromSeconds(1)))
            ModelVersion.Of("folder", name).ShouldBe(name);
        else
            Should.Throw<InvalidDataException>(() => ModelVersion.Of("folder", name)).Message.ShouldContain($"'{name}'");
    }

    [Fact]
    public void Given_NoName_When_AskedFor_Then_TheFolderLendsItsOwn()
    {
        ModelVersion.Of(Path.Combine(Root, "out", "mine"), given: null).ShouldBe("mine");
        ModelVersion.Of(Path.Combine(Root, "out", "mine") + Path.DirectorySeparatorChar, given: null).ShouldBe("mine");
        Should.Throw<InvalidDataException>(() => ModelVersion.Of(Root, given: null));
        Should.Throw<InvalidDataException>(() => ModelVersion.Of("folder", "mine\n"));
    }
}
