namespace CtSeg.TrainingJob.Consumer;

/// <summary>Where the model to segment with comes from.</summary>
internal interface IModelSource
{
    /// <summary>Makes the model ready on this machine.</summary>
    /// <returns>The folder with its files, their hash checked.</returns>
    /// <exception cref="ModelRefusedException">There is no model, or it is not what it should be.</exception>
    Task<string> FetchAsync(CancellationToken cancellationToken);
}

/// <summary>A model cannot be used; the message says why and what to do.</summary>
internal sealed class ModelRefusedException(string message, Exception? innerException = null) : Exception(message, innerException);
