using CtSeg.Local.Demo;

namespace CtSeg.Local.Tests.Demo;

public sealed class SliceSelectionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ctseg-selection-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(new[] { "/x/a.png", "/x/b.png" }, new[] { "a.png", "b.png" })]
    [InlineData(new[] { "/x/a.png", "/y/a.png", "/y/b.png" }, new[] { "x/a.png", "y/a.png", "b.png" })]
    [InlineData(new[] { "/1/x/a.png", "/2/x/a.png" }, new[] { "1/x/a.png", "2/x/a.png" })]
    [InlineData(new[] { "/a.png", "/x/a.png" }, new[] { "a.png", "x/a.png" })]
    public void Given_Files_When_Named_Then_EachNameIsUniqueAndShort(string[] files, string[] names) =>
        SliceSelection.UniqueNames(files).ShouldBe(names);

    [Fact]
    public void Given_AFolder_When_Selected_Then_OnlyImagesOfItAreTakenInOrder()
    {
        foreach (var name in new[] { "b.PNG", "a.tif", "c.jpeg", "notes.txt" })
            File.WriteAllBytes(Path.Combine(_folder, name), [1]);
        Directory.CreateDirectory(Path.Combine(_folder, "below"));
        File.WriteAllBytes(Path.Combine(_folder, "below", "d.png"), [1]);

        var selection = SliceSelection.Of([_folder], limit: null);

        selection.Slices.Select(slice => slice.Name).ShouldBe(["a.tif", "b.PNG", "c.jpeg"]);
        selection.Skipped.ShouldBe(1);
        SliceSelection.Of([_folder], limit: 2).Slices.Count.ShouldBe(2);
    }

    [Fact]
    public void Given_AFileNamedTwice_When_Selected_Then_ItIsTakenOnce()
    {
        var file = Path.Combine(_folder, "letter.txt");
        File.WriteAllBytes(file, [1]);

        SliceSelection.Of([file, file], limit: null).Slices.ShouldHaveSingleItem().Name.ShouldBe("letter.txt");
    }

    [Fact]
    public void Given_NothingToFind_When_Selected_Then_OneSentenceSaysSo()
    {
        Should.Throw<SliceSelectionException>(() => SliceSelection.Of([_folder], null)).Message.ShouldContain(_folder);
        Should.Throw<SliceSelectionException>(() => SliceSelection.Of([Path.Combine(_folder, "x")], null)).Message.ShouldContain("does not exist");
    }
}
