namespace CtSeg.Local.FunctionsHost;

/// <summary>One invocation failed; the trigger decides whether it is tried again.</summary>
internal sealed class InvocationFailedException : Exception
{
    public InvocationFailedException() { }
    public InvocationFailedException(string message) : base(message) { }
    public InvocationFailedException(string message, Exception innerException) : base(message, innerException) { }
}
