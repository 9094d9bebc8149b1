using CtSeg.Recovery;

namespace CtSeg.TrainingJob.Letters;

/// <summary>A place where something dead may lie.</summary>
internal interface ILetterSource
{
    /// <value>As users know it.</value>
    string Place { get; }

    /// <summary>All that lies there, and leaves it there.</summary>
    Task<IReadOnlyList<FoundLetter>> FindAsync(CancellationToken cancellationToken);

    /// <summary>Takes letters one by one; each is settled only after <paramref name="send"/> has returned and where its outcome says so.</summary>
    /// <param name="letters">Of this place.</param>
    /// <param name="send">Sends one again, durably; may be called for several at once.</param>
    /// <returns>Letters that somebody else holds or took since they were found.</returns>
    Task<IReadOnlyList<FoundLetter>> TakeAsync(
        IReadOnlyList<FoundLetter> letters, Func<FoundLetter, CancellationToken, Task<ReplayOutcome>> send, CancellationToken cancellationToken);
}

internal static class ReplayOutcomes
{
    /// <summary>Whether the dead letter may go.</summary>
    public static bool EndsLetter(this ReplayOutcome outcome) => outcome.IsSettled || outcome.Decision == ReplayDecision.Send;
}
