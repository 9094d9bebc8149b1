namespace CtSeg.TrainingJob;

/// <summary>Whoever runs a command, for the audit.</summary>
internal static class OperatorName
{
    public static string Current => Environment.UserName is { Length: > 0 } user ? user : "unknown";
}
