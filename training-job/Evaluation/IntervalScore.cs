using System.Globalization;
using CtSeg.Models;

namespace CtSeg.TrainingJob.Evaluation;

/// <summary>A score with its 95 % bootstrap interval over groups; both null where it is not defined.</summary>
internal sealed record IntervalScore(double? Value, ScoreInterval? Interval)
{
    /// <summary>Format of differences.</summary>
    public const string Signed = "+0.000;-0.000;0.000";

    public static IntervalScore DiceOf(ClassScore score) => new(score.Dice, score.Interval);

    /// <summary>Such as "0.754 [0.645, 0.819]"; a hyphen where it is not defined.</summary>
    /// <param name="format">Of the numbers.</param>
    public string ToText(string format = "F3")
    {
        string Number(double value) => value.ToString(format, CultureInfo.InvariantCulture);
        if (Value is not { } value)
            return "-";
        return Interval is { } interval ? $"{Number(value)} [{Number(interval.Low)}, {Number(interval.High)}]" : Number(value);
    }
}
