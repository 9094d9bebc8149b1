namespace CtSeg.TrainingJob.Consumer;

/// <summary>This slice cannot be segmented, and could not at another try.</summary>
internal sealed class UnusableSliceException(string message, Exception? innerException = null)
    : Exception(message, innerException);

/// <summary>The model has no room for a slice of this size now; another process may.</summary>
internal sealed class ModelOverloadedException(string message, Exception innerException)
    : Exception(message, innerException);

/// <summary>The model fails on a blank slice too: this process is of no more use, its messages are.</summary>
internal sealed class ModelBrokenException(string message, Exception innerException)
    : Exception(message, innerException);
