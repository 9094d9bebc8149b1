using System.Text;

namespace CtSeg.TrainingJob;

/// <summary>A file for the result of long work: that it cannot be written is known before the work. What lies there stays until there is a result.</summary>
internal sealed class OutputFile : IDisposable
{
    private readonly string _path;

    // A pipe can be opened only once: its reader sees its end.
    private readonly FileStream? _pipe;

    /// <exception cref="IOException">The file cannot be written; the message names it.</exception>
    public OutputFile(string path)
    {
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

    /// <summary>Writes the file, with a line's end after the document.</summary>
    public void Write(string document)
    {
        var content = Encoding.UTF8.GetBytes(document + Environment.NewLine);
        if (_pipe is null)
            File.WriteAllBytes(_path, content);
        else
            _pipe.Write(content);
    }

    public void Dispose() => _pipe?.Dispose();
}
