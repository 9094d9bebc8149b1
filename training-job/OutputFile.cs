using System.Text;

namespace CtSeg.TrainingJob;

/// <summary>
/// A file for the result of long work, or standard output: that it cannot be written is known before the work. What lies there stays until there is a
/// result.
/// </summary>
internal sealed class OutputFile : IDisposable
{
    /// <summary>Instead of a path.</summary>
    public const string ToStandardOutput = "-";

    private readonly string? _path;

    // A pipe can be opened only once: its reader sees its end.
    private readonly FileStream? _pipe;

    /// <value>Standard output is for the document, and nothing else may be written there.</value>
    public bool IsStandardOutput => _path is null;

    /// <param name="path">Of the file, or '-'; null for none.</param>
    /// <returns>Null without a path.</returns>
    /// <exception cref="IOException">The file cannot be written; the message names it.</exception>
    public static OutputFile? Open(string? path) => path is null ? null : new OutputFile(path);

    private OutputFile(string path)
    {
        if (path == ToStandardOutput)
            return;
        _path = Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path) ?? _path);
            var isNew = !File.Exists(_path);
            var file = new FileStream(_path, FileMode.OpenOrCreate, FileAccess.Write);
            if (!file.CanSeek)
            {
                _pipe = file;
                return;
            }
            file.Dispose();
            if (isNew)
                File.Delete(_path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"'{_path}' cannot be written: {exception.Message}", exception);
        }
    }

    /// <summary>Writes the document, and a line's end after it.</summary>
    public void Write(string document)
    {
        if (_path is null)
        {
            Console.WriteLine(document);
            return;
        }
        var content = Encoding.UTF8.GetBytes(document + Environment.NewLine);
        if (_pipe is null)
            File.WriteAllBytes(_path, content);
        else
            _pipe.Write(content);
    }

    public void Dispose() => _pipe?.Dispose();
}
