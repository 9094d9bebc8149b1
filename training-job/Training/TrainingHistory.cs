using System.Text.Json;
using System.Text.Json.Serialization;

namespace CtSeg.TrainingJob.Training;

/// <summary>One epoch of `training.json`.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Loss">Mean over the steps.</param>
/// <param name="HeldOutDice">Of the averaged weights, pooled, by finding: infection first, then the lesion classes; null where it was not scored.</param>
/// <param name="Seconds">Wall time of the epoch.</param>
internal sealed record EpochRecord(int Epoch, double Loss, double LearningRate, IReadOnlyDictionary<string, double?>? HeldOutDice, double Seconds);

/// <summary>`training.json`: the options of a run and what happened in it.</summary>
internal sealed record TrainingHistory(TrainingOptions Options, string DataSha256, IReadOnlyList<EpochRecord> Epochs);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(TrainingHistory))]
[JsonSerializable(typeof(TrainingOptions))]
internal sealed partial class TrainingJson : JsonSerializerContext;
