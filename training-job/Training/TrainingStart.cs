namespace CtSeg.TrainingJob.Training;

/// <summary>Where a training begins or goes on.</summary>
/// <param name="Costs">Of every epoch of the run, done or not, relative to each other: what time is left follows from them.</param>
/// <param name="Moved">Whether it goes on with another machine, device, program or number of threads: it may then not end with the bits of an undisturbed one.</param>
internal sealed record TrainingStart(GroupSplit Split, int EpochsDone, IReadOnlyList<double> Costs, int StepsPerEpoch, bool Moved)
{
    public string Describe() =>
        $"{Split.Training.Count} slices to fit, {Split.HeldOut.Count} held out, no group on both sides"
        + (EpochsDone > 0 ? $"; going on after epoch {EpochsDone}" : "")
        + (Moved ? " with another machine, device, program or number of threads: its bits may differ from those of an undisturbed training" : "");
}
