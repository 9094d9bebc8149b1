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
/// <param name="HeldOutSlices">Names of the slices that it was not trained on.</param>
/// <param name="Machines">Where it ran, in order. With more than one its bits may differ from those of an undisturbed run.</param>
internal sealed record TrainingHistory(
    TrainingOptions Options, string DataSha256, IReadOnlyList<string> HeldOutSlices, IReadOnlyList<TrainingMachine> Machines, IReadOnlyList<EpochRecord> Epochs);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TrainingHistory))]
[JsonSerializable(typeof(TrainingOptions))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, long>))]
internal sealed partial class TrainingJson : JsonSerializerContext;
