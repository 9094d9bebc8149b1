using CtSeg.Recovery;

namespace CtSeg.TrainingJob.Letters;

internal static class ReplayOutcomes
{
    /// <summary>Whether the dead letter may go.</summary>
    public static bool EndsLetter(this ReplayOutcome outcome) => outcome.IsSettled || outcome.Decision == ReplayDecision.Send;
}
