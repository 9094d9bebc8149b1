namespace CtSeg.Local.FunctionsHost;

/// <summary>The app folder, its settings or its handler are not as they must be; the message says what to do.</summary>
internal sealed class FunctionAppException : Exception
{
    public FunctionAppException() { }
    public FunctionAppException(string message) : base(message) { }
    public FunctionAppException(string message, Exception innerException) : base(message, innerException) { }

    /// <value>Whether the settings are wrong, as of a program that is called wrongly.</value>
    public bool IsOfSettings { get; init; }
}
