namespace CtSeg.TrainingJob.CrossValidation;

/// <summary>
/// A fold that this process trains: other processes leave it alone. The system lets go of it when the process ends, however it ends; the file then
/// stays and means nothing.
/// </summary>
internal sealed class FoldLock : IDisposable
{
    // Another process has it: EWOULDBLOCK of Linux and of macOS, ERROR_SHARING_VIOLATION of Windows.
    private static readonly int[] Taken = [11, 35, unchecked((int)0x80070020)];

    private readonly FileStream _file;

    private FoldLock(FileStream file) => _file = file;

    /// <value>Nobody will want to train the fold again: the file goes.</value>
    public bool IsDone { get; set; }

    /// <returns>Null where another process has it.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static FoldLock? TryTake(string path)
    {
        try
        {
            return new FoldLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException exception) when (Taken.Contains(exception.HResult))
        {
            return null;
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        if (!IsDone)
            return;
        try
        {
            File.Delete(_file.Name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another process looks at it, and will find the result.
        }
    }
}
