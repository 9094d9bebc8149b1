namespace CtSeg.DataSets;

/// <summary>A part of the training data is missing or is not what its name says; the message names it by its blob path.</summary>
public sealed class DamagedDataException : Exception
{
    public DamagedDataException() : this("A part of the training data is damaged.") { }
    public DamagedDataException(string message) : base(message) { }
    public DamagedDataException(string message, Exception innerException) : base(message, innerException) { }
}

/// <summary>A document of the training data that was left out, because it cannot be read.</summary>
/// <param name="BlobPath">With its container; it holds no name of a slice or group.</param>
/// <param name="Problem">One sentence.</param>
public sealed record DamagedDocument(string BlobPath, string Problem);
