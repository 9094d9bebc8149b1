using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.TrainingJob.Reports;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>What a run learns from and is measured against; the same on every machine that goes on with it.</summary>
/// <param name="Training">In the order of their ids: neither locked nor the same picture as one that is.</param>
/// <param name="Champion">In use when the run began.</param>
/// <param name="ChampionSaw">Null where nobody knows.</param>
/// <param name="ProvingGroups">Groups of the locked set of whose slices the champion has seen none.</param>
internal sealed record RunData(
    DataSet Data, EvaluationSet Locked, IReadOnlyList<DataSetSlice> Training, ModelManifest Champion, TrainedOn? ChampionSaw, int ProvingGroups, DataChanges Changes)
{
    /// <value>Data that it learnt from were erased since.</value>
    public bool ChampionHoldsErased { get; init; }

    /// <value>A run that did the same and came to a decision; null where there is none, or the run has begun.</value>
    public TrainingRunStatus? SameBefore { get; init; }
}
