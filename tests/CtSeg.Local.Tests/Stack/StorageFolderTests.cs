using CtSeg.Local.Processes;
using CtSeg.Local.Stack;

namespace CtSeg.Local.Tests.Stack;

public sealed class StorageFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ctseg-storage-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Given_AStackHasTheFolder_When_AnotherOpensIt_Then_ItIsToldWhatToDo()
    {
        using (StorageFolder.Open(_folder, fresh: false))
            Should.Throw<StartFailedException>(() => StorageFolder.Open(_folder, fresh: true)).Message.ShouldContain("--storage");

        StorageFolder.Open(_folder, fresh: false).Dispose();
    }

    [Fact]
    public void Given_AFolderWithOtherFiles_When_BegunAnew_Then_OnlyWhatTheStorageWroteIsDeleted()
    {
        File.WriteAllText(Path.Combine(_folder, "mine.txt"), "");
        File.WriteAllText(Path.Combine(_folder, "__azurite_db_blob__.json"), "");
        Directory.CreateDirectory(Path.Combine(_folder, "__blobstorage__", "deep"));
        Directory.CreateDirectory(Path.Combine(_folder, "mine"));

        string state;
        using (var folder = StorageFolder.Open(_folder, fresh: false))
            state = folder.JobState;
        // A job that is started makes it.
        Directory.CreateDirectory(state);
        StorageFolder.Open(_folder, fresh: false).Dispose();
        Directory.Exists(state).ShouldBeTrue();
        File.Exists(Path.Combine(_folder, "__azurite_db_blob__.json")).ShouldBeTrue();
        StorageFolder.Open(_folder, fresh: true).Dispose();

        Directory.GetFileSystemEntries(_folder).Select(Path.GetFileName).Order(StringComparer.Ordinal).ShouldBe(["mine", "mine.txt", "storage.lock"]);
    }
}
