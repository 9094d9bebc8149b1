namespace CtSeg.TrainingJob;

/// <summary>A folder for the results of long work.</summary>
internal static class OutputFolder
{
    private const string Probe = ".writable";

    /// <summary>Makes the folder, and a file in it that goes again, so that it is known before the work whether its results can be written.</summary>
    /// <exception cref="IOException">Nothing can be written there; the message names the folder.</exception>
    public static void Prepare(string folder)
    {
        if (File.Exists(folder))
            throw new IOException($"Nothing can be written to '{folder}': it is a file, and a folder is needed; give another name.");
        try
        {
            Directory.CreateDirectory(folder);
            using var probe = new FileStream(
                Path.Combine(folder, $"{Probe}-{Guid.NewGuid():N}"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Nothing can be written to '{folder}': {exception.Message}", exception);
        }
    }
}
