namespace CtSeg.TrainingJob;

/// <summary>Writes lines for pipes and log files, and tells when the last one is a minute old, so that it is time for a sign of life.</summary>
internal sealed class LineEveryMinute(TextWriter output, TimeProvider time)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private long _last = time.GetTimestamp();

    public bool IsDue => time.GetElapsedTime(_last) >= Minute;

    public void Write(string line)
    {
        _last = time.GetTimestamp();
        output.WriteLine(line);
        output.Flush();
    }
}
