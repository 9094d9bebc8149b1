namespace CtSeg.TrainingJob.Tests;

public sealed class OutputFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Given_AFile_When_ThereIsAResult_Then_ItIsReplacedAndNotBefore()
    {
        File.WriteAllText(_folder["a"], "a longer text than the next");
        using (var file = OutputFile.Open(_folder["a"])!)
        {
            File.ReadAllText(_folder["a"]).ShouldBe("a longer text than the next");
            file.Write("{}");
        }
        File.ReadAllText(_folder["a"]).ShouldBe("{}" + Environment.NewLine);
    }

    [Fact]
    public void Given_AFolderThatIsNotThere_When_Opened_Then_ItIsMadeAndNoFileIsLeftWithoutAResult()
    {
        var path = Path.Combine(_folder["deep"], "deeper", "a");
        using (var file = OutputFile.Open(path)!)
        {
            File.Exists(path).ShouldBeFalse();
            file.Write("{}");
        }
        File.ReadAllText(path).ShouldBe("{}" + Environment.NewLine);
        using (OutputFile.Open(path + "b"))
        {
        }
        Directory.GetFiles(Path.GetDirectoryName(path)!).ShouldBe([path]);
    }

    [Fact]
    public void Given_AFolderInThePlaceOfTheFileOrAFileInThatOfTheFolder_When_Opened_Then_ThePathIsNamed()
    {
        File.WriteAllText(_folder["file"], "");
        foreach (var path in new[] { _folder.Path, Path.Combine(_folder["file"], "a") })
            Should.Throw<IOException>(() => OutputFile.Open(path)).Message.ShouldStartWith($"'{path}' cannot be written: ");
        Should.Throw<IOException>(() => OutputFolder.Prepare(_folder["file"])).Message.ShouldBe($"Nothing can be written to '{_folder["file"]}': it is a file, and a folder is needed; give another name.");
    }

    [Fact]
    public void Given_AFolder_When_Prepared_Then_NothingIsLeftInIt()
    {
        OutputFolder.Prepare(_folder["a"]);
        Directory.GetFileSystemEntries(_folder["a"]).ShouldBeEmpty();
    }

    public void Dispose() => _folder.Dispose();
}
