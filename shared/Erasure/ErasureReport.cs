using CtSeg.Contracts;

namespace CtSeg.Erasure;

/// <summary>What an erasure is about, or did.</summary>
/// <param name="Id">Of the order; null where none was written.</param>
/// <param name="IsDone">False for a look without an order.</param>
/// <param name="Scans">Slices, uploaded or imported.</param>
/// <param name="TrainingSlices">How many of them were in the training data when the work began.</param>
/// <param name="Uploads">Uploads, their versions and snapshots counted.</param>
/// <param name="TakenIn">How many of them have a status or a preprocessed image.</param>
/// <param name="Blobs">Removed by this call.</param>
/// <param name="DataSets">Versions that held one.</param>
/// <param name="Models">That saw one, or come from one that did.</param>
/// <param name="UnknownModels">Versions of which nobody noted what they learnt from.</param>
/// <param name="Runs">That learn from one: cancelled, or asked to end at their next step; without an order, those that would be.</param>
/// <param name="Renewed">Uploaded anew after the order, and so left.</param>
/// <param name="Unreadable">Paths of documents that cannot be read and may be about such a slice.</param>
public sealed record ErasureReport(
    string? Id, bool IsDone, IReadOnlyList<ScanId> Scans, int TrainingSlices, int Uploads, int TakenIn, int Blobs, IReadOnlyList<string> DataSets,
    IReadOnlyList<string> EvaluationSets, IReadOnlyList<AffectedModel> Models, IReadOnlyList<string> UnknownModels, IReadOnlyList<string> Runs,
    IReadOnlyList<ScanId> Renewed, IReadOnlyList<string> Unreadable)
{
    /// <summary>Runs that could not be stopped any more: their challenger was just being put into use. It is among the models.</summary>
    public IReadOnlyList<string> RunsNotStopped { get; init; } = [];

    /// <value>Whether nothing is known of what was named.</value>
    public bool IsEmpty => TrainingSlices == 0 && Uploads == 0 && TakenIn == 0 && Models.Count == 0 && DataSets.Count == 0;
}
