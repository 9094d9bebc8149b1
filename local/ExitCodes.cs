namespace CtSeg.Local;

/// <summary>What the verbs end with.</summary>
internal static class ExitCodes
{
    public const int Success = 0;
    /// <summary>Scans or tests failed.</summary>
    public const int Failure = 1;
    /// <summary>Called wrongly, or a component did not start.</summary>
    public const int Unusable = 2;
    /// <summary>Stopped by Ctrl-C, as shells have it.</summary>
    public const int Interrupted = 130;
}
