namespace CtSeg.TrainingJob;

/// <summary>What `ctseg-job` answers to its caller.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>Some or all of the work failed; standard error says why.</summary>
    public const int Failure = 1;

    /// <summary>The command line cannot be understood.</summary>
    public const int Usage = 2;
}
