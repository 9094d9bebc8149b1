namespace CtSeg.Models;

/// <summary>Another model of that version is published already; versions never change.</summary>
public sealed class ModelExistsException : Exception
{
    public ModelExistsException() { }
    public ModelExistsException(string message) : base(message) { }
    public ModelExistsException(string message, Exception innerException) : base(message, innerException) { }
}

/// <summary>A document or file of a model is not what it should be; the message names its blob.</summary>
public sealed class DamagedModelException : Exception
{
    public DamagedModelException() { }
    public DamagedModelException(string message) : base(message) { }
    public DamagedModelException(string message, Exception innerException) : base(message, innerException) { }
}

/// <summary>The alias cannot move to a model; nothing was written. The message says why and what to do.</summary>
public sealed class AliasMoveRefusedException : Exception
{
    public AliasMoveRefusedException() { }
    public AliasMoveRefusedException(string message) : base(message) { }
    public AliasMoveRefusedException(string message, Exception innerException) : base(message, innerException) { }
}
