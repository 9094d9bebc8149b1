using CtSeg.Local.Processes;

namespace CtSeg.Local.Stack;

/// <summary>A folder in which blobs outlive the stack that wrote them. One stack at a time has it.</summary>
internal sealed class StorageFolder : IDisposable
{
    private const string LockName = "storage.lock";
    private const string JobStateName = "ctseg-job-state";
    // What Azurite makes in the folder that it is given.
    private static readonly string[] OfAzurite = ["__azurite_db_*", "__blobstorage__", "__queuestorage__", "__tablestorage__", "AzuriteConfig"];
    private readonly FileStream _lock;

    private StorageFolder(string path, FileStream @lock) => (Path, _lock) = (path, @lock);

    public string Path { get; }

    /// <value>What a job remembers of the models that served the slices in here.</value>
    public string JobState => System.IO.Path.Combine(Path, JobStateName);

    /// <param name="fresh">Begins anew: what an earlier stack stored there is deleted, and nothing else in the folder.</param>
    /// <exception cref="StartFailedException">Another stack has it, or the disk refuses.</exception>
    public static StorageFolder Open(string path, bool fresh)
    {
        try
        {
            Directory.CreateDirectory(path);
            var folder = new StorageFolder(path, Lock(path));
            if (fresh)
                folder.Clear();
            return folder;
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StartFailedException($"The storage folder {path} cannot be used: {e.Message}", e);
        }
    }

    public void Dispose() => _lock.Dispose();

    private static FileStream Lock(string path)
    {
        try
        {
            return new FileStream(System.IO.Path.Combine(path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new StartFailedException($"The storage folder {path} is in use by another system: stop that one, or give this one a folder of its own with --storage DIR.", e);
        }
    }

    private void Clear()
    {
        foreach (var pattern in OfAzurite.Append(JobStateName))
        {
            foreach (var folder in Directory.GetDirectories(Path, pattern))
                Directory.Delete(folder, recursive: true);
            foreach (var file in Directory.GetFiles(Path, pattern))
                File.Delete(file);
        }
    }
}
