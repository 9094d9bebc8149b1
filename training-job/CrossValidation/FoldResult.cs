using System.Text.Json;
using System.Text.Json.Serialization;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.CrossValidation;

/// <summary>`foldK.json`: what became of one training of a cross-validation.</summary>
/// <param name="Options">It was trained with these; a result of other options, data or folds is not used.</param>
/// <param name="Machines">Where it was trained.</param>
internal sealed record FoldResult(
    TrainingOptions Options,
    string DataSha256,
    int Fold,
    int Steps,
    double Minutes,
    double LastLoss,
    IReadOnlyList<TrainingMachine> Machines,
    IReadOnlyList<FoldSlice> Slices);

/// <summary>A held-out slice.</summary>
/// <param name="AtMaskSize">Pixels by true and predicted class, row by row: the foreground protocol's.</param>
/// <param name="AtNetworkSize">The same at the network's size: the paper protocol's.</param>
internal sealed record FoldSlice(string Name, string Group, IReadOnlyList<long> AtMaskSize, IReadOnlyList<long> AtNetworkSize);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(FoldResult))]
internal sealed partial class CrossValidationJson : JsonSerializerContext;
