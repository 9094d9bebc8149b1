using CtSeg.Models;

namespace CtSeg.TrainingJob.Evaluation;

/// <summary>How far probabilities can be believed, and in which direction they err.</summary>
/// <param name="ExpectedError">Expected calibration error, 0 to 1.</param>
/// <param name="Overconfidence">Mean probability - share correct; below 0 the network is underconfident. Bins of opposite signs cancel out.</param>
/// <param name="Bins">Those that hold pixels.</param>
internal sealed record CalibrationReport(IntervalScore ExpectedError, IntervalScore Overconfidence, IReadOnlyList<CalibrationBin> Bins)
{
    /// <param name="groups">One entry a group, in an order that does not change.</param>
    public static CalibrationReport Create(IReadOnlyList<CalibrationCounts> groups) => new(
        GroupBootstrap.Score(groups, drawn => CalibrationCounts.Sum(drawn).ExpectedError()),
        GroupBootstrap.Score(groups, drawn => CalibrationCounts.Sum(drawn).Overconfidence()),
        CalibrationCounts.Sum(groups).FilledBins());

    /// <summary>Error, difference and its direction, which is open where the interval holds 0.</summary>
    public string ToText() =>
        $"{ExpectedError.ToText()}, probability - share correct {Overconfidence.ToText(IntervalScore.Signed)}: {Direction(Overconfidence.Interval)}";

    private static string Direction(ScoreInterval? interval) => interval switch
    {
        { Low: > 0 } => "overconfident",
        { High: < 0 } => "underconfident",
        _ => "direction open",
    };
}

/// <summary>Pixels with a probability between two bounds.</summary>
/// <param name="Confidence">Their mean probability.</param>
/// <param name="Correct">Share of them that truly has the class.</param>
internal sealed record CalibrationBin(double From, double To, long Pixels, double Confidence, double Correct)
{
    /// <value>Above 0 the network is overconfident here, below underconfident.</value>
    public double Overconfidence => Confidence - Correct;
}
