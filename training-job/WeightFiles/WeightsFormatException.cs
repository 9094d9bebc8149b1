namespace CtSeg.TrainingJob.WeightFiles;

/// <summary>A weights file is damaged, hostile, or belongs to another network.</summary>
internal sealed class WeightsFormatException(string message) : Exception(message);
