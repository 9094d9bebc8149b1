using CtSeg.Recovery;

namespace CtSeg.TrainingJob.Letters;

/// <summary>A place where something dead may lie.</summary>
internal interface ILetterSource
{
    /// <value>As users know it.</value>
    string Place { get; }

    /// <value>Where the ids of its letters begin, and of no other place.</value>
    string IdStart { get; }

    /// <summary>False where nothing that lies there can match.</summary>
    bool MayHold(LetterFilter filter) => true;

    /// <summary>All that lies there and can be shown, and leaves it there.</summary>
    Task<IReadOnlyList<FoundLetter>> FindAsync(CancellationToken cancellationToken);

    /// <summary>The same for one.</summary>
    /// <param name="id">Begins with <see cref="IdStart"/>; anybody's text else.</param>
    /// <returns>Null where there is none.</returns>
    Task<FoundLetter?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>About how many lie there that cannot be shown before others are gone.</summary>
    /// <param name="shown">How many were shown.</param>
    Task<int> CountHiddenAsync(int shown, CancellationToken cancellationToken) => Task.FromResult(0);

    /// <summary>Takes letters one by one; each is removed only after <paramref name="settle"/> has said so.</summary>
    /// <param name="letters">Of this place.</param>
    /// <param name="settle">Does durably what is to be done about one, and says whether it may go; may be called for several at once.</param>
    /// <param name="removed">Told what became of each that may go; may be called for several at once, and for one again.</param>
    /// <returns>Letters that somebody else holds or took since they were found.</returns>
    Task<IReadOnlyList<FoundLetter>> TakeAsync(
        IReadOnlyList<FoundLetter> letters, Func<FoundLetter, CancellationToken, Task<bool>> settle, Action<FoundLetter, LetterRemoval>? removed,
        CancellationToken cancellationToken);
}
