namespace CtSeg.TrainingJob.Training;

/// <summary>
/// A training of this process: other processes leave it alone. The system lets go of it when the process ends, however it ends; the file then
/// stays and means nothing.
/// </summary>
internal sealed class TrainingLock : IDisposable
{
    // Another process has it: EWOULDBLOCK of Linux and of macOS, ERROR_SHARING_VIOLATION of Windows.
    private static readonly int[] Taken = [11, 35, unchecked((int)0x80070020)];

    private readonly FileStream _file;

    private TrainingLock(FileStream file) => _file = file;

    /// <value>Nobody will want to go on with the training: the file goes.</value>
    public bool IsDone { get; set; }

    /// <returns>Null where another process has it.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static TrainingLock? TryTake(string path)
    {
        try
        {
            return new TrainingLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
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
            // Another process looks at it, and will find what was made.
        }
    }
}
