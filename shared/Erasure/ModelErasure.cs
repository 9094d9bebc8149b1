namespace CtSeg.Erasure;

/// <summary><c>models/{version}/erasure.json</c>: slices that this model learnt from were erased since.</summary>
/// <param name="Entries">One for each erasure, in the order of their ids.</param>
/// <param name="NeedsRetraining">Without those slices, from random weights or from a model that never saw them.</param>
public sealed record ModelErasure(string Version, bool NeedsRetraining, IReadOnlyList<ModelErasureEntry> Entries)
{
    public int SchemaVersion { get; init; } = 1;
}

/// <param name="Erasure">Id of the order.</param>
/// <param name="Time">Of the order, UTC.</param>
/// <param name="Reason">One sentence without names.</param>
public sealed record ModelErasureEntry(string Erasure, DateTime Time, string Reason);
