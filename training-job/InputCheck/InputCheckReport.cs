using System.Text.Json;
using System.Text.Json.Serialization;

namespace CtSeg.TrainingJob.InputCheck;

/// <summary>What `ctseg-job input-check` finds out.</summary>
/// <param name="Model">Version of the model whose check looked at the pictures; null where there were none.</param>
/// <param name="Kinds">Of the pictures.</param>
/// <param name="Pictures">The one that looks most like a slice first.</param>
/// <param name="Slices">The slices of a data folder, each scored by a check that was trained without its group; null where no data was given.</param>
internal sealed record InputCheckReport(
    string? Model, IReadOnlyList<KindOfPictures> Kinds, IReadOnlyList<ScoredPicture> Pictures, HeldOutSlices? Slices);

/// <param name="Kind">Of files: what comes before the first hyphen of their names.</param>
internal sealed record KindOfPictures(string Kind, int Pictures, int Warned);

/// <param name="Score">Probability that it is no upright axial chest slice in a lung window, 0 to 1.</param>
internal sealed record ScoredPicture(string Name, double Score, bool Warned);

/// <param name="DataSha256">Hash of the data folder.</param>
/// <param name="HighestScore">Of all slices as they are.</param>
/// <param name="Disturbed">The same slices as uploads may differ from them: none is to be warned about.</param>
/// <param name="Spoilt">The same slices turned, front and back changed, inverted: all are to be warned about.</param>
internal sealed record HeldOutSlices(
    string DataSha256, int Folds, int Slices, int Warned, double HighestScore, IReadOnlyList<KindOfPictures> Disturbed, IReadOnlyList<KindOfPictures> Spoilt);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(InputCheckReport))]
internal sealed partial class InputCheckJson : JsonSerializerContext;
