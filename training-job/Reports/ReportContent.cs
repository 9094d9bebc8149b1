using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Models;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Training;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Reports;

/// <summary>
/// All that <see cref="RetrainingReport"/> tells of one run. It holds ids, hashes and numbers, and pictures of slices, never names of slices or groups.
/// Everything but the run is optional: a run that was skipped, cancelled or failed early has a report too.
/// </summary>
/// <param name="Run">As it ends, or waits for its shadow: its state and reason are the verdict.</param>
/// <param name="CreatedAt">UTC.</param>
internal sealed record ReportContent(TrainingRunStatus Run, DateTime CreatedAt)
{
    /// <value>The model that served when the decision was made; null where there was none.</value>
    public ModelManifest? Champion { get; init; }

    /// <value>Null where none was made.</value>
    public ModelManifest? Challenger { get; init; }

    /// <value>Null where there was none to make.</value>
    public PromotionDecision? Decision { get; init; }

    /// <value>In their order, from 1; empty where nothing was trained. The held-out Dice is drawn where it was scored.</value>
    public IReadOnlyList<EpochRecord> Epochs { get; init; } = [];

    /// <value>One entry a group of the locked set, in any order and without its name: for the intervals of both models' scores. Empty where nothing was compared.</value>
    public IReadOnlyList<GroupScores> Groups { get; init; } = [];

    /// <value>Slices of the locked set, the worst of the challenger first; at most <see cref="RetrainingReport.MaxCases"/> are shown.</value>
    public IReadOnlyList<ReportCase> WorstCases { get; init; } = [];

    /// <value>Null where the run ended before it looked at the data.</value>
    public DataChanges? Data { get; init; }

    /// <value>Decisions made on this evaluation set so far, this one included; null where none was.</value>
    public int? DecisionsOnSet { get; init; }

    /// <value>What a shadow saw; the decision's where it has one.</value>
    public ShadowSummary? Shadow { get => field ?? Decision?.Shadow; init; }

    /// <value>Processors that the challenger was trained on, in order.</value>
    public IReadOnlyList<string> Machines { get; init; } = [];
}

/// <summary>Pixels of one group of the locked set by true and predicted class, for both models.</summary>
internal sealed record GroupScores(ConfusionMatrix Champion, ConfusionMatrix Challenger);

/// <summary>A slice of the locked set with what both models say of it.</summary>
/// <param name="Image">Preprocessed, grey; stretched to the size of the masks.</param>
/// <param name="Truth">All three masks have its size.</param>
internal sealed record ReportCase(ScanId Id, GreyImage Image, LesionMask Truth, LesionMask Champion, LesionMask Challenger);

/// <summary>The data of a run, and how they differ from those that the champion was trained on.</summary>
/// <param name="Slices">Of the data set.</param>
/// <param name="Groups">They come from.</param>
/// <param name="LockedSlices">Of them, kept out of training.</param>
/// <param name="LockedGroups">Of the groups.</param>
/// <param name="Changes">Since the champion; all slices where it is not known what it saw.</param>
internal sealed record DataChanges(int Slices, int Groups, int LockedSlices, int LockedGroups, IReadOnlyList<SliceChange> Changes)
{
    /// <value>Version of the data set that the champion was trained on; null where it is not known.</value>
    public string? ChampionDataSet { get; init; }
}

internal enum SliceChangeKind
{
    /// <summary>The champion did not see this picture.</summary>
    Added,
    /// <summary>It saw the picture with another mask.</summary>
    Replaced,
    /// <summary>It saw a picture that is no longer there.</summary>
    Removed,
}

/// <param name="Origin">One of <see cref="CtSeg.DataSets.SliceOrigins"/>; null where it is not known.</param>
/// <param name="IsLocked">Whether it is kept out of training.</param>
/// <param name="ClassPixels">Of its mask, by class, 4 numbers; empty where they are not known.</param>
internal sealed record SliceChange(ScanId Id, SliceChangeKind Kind, string? Origin, bool IsLocked, IReadOnlyList<long> ClassPixels);
