namespace CtSeg.Functions.Protocol;

/// <summary>A request body that does not fit the contract of custom handlers; the message says what is missing.</summary>
internal sealed class InvalidInvocationException : Exception
{
    public InvalidInvocationException() { }
    public InvalidInvocationException(string message) : base(message) { }
    public InvalidInvocationException(string message, Exception innerException) : base(message, innerException) { }
}
