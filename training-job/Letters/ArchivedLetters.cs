using CtSeg.Contracts;
using CtSeg.Recovery;

namespace CtSeg.TrainingJob.Letters;

/// <summary>Messages that the functions took from dead-letter queues and archived.</summary>
internal sealed class ArchivedLetters(LetterArchive archive) : ILetterSource
{
    public string Place => $"{Containers.Audit}/{BlobPaths.DeadLetters}";

    public string IdStart => "archive/";

    public async Task<IReadOnlyList<FoundLetter>> FindAsync(CancellationToken cancellationToken)
    {
        var found = new List<FoundLetter>();
        await foreach (var letter in archive.ListAsync(cancellationToken))
            found.Add(Describe(letter));
        return found;
    }

    public async Task<FoundLetter?> FindAsync(string id, CancellationToken cancellationToken)
    {
        var name = id[IdStart.Length..];
        await foreach (var letter in archive.ListAsync(name, cancellationToken))
            if (letter.Name == name)
                return Describe(letter);
        return null;
    }

    public async Task<IReadOnlyList<FoundLetter>> TakeAsync(
        IReadOnlyList<FoundLetter> letters, Func<FoundLetter, CancellationToken, Task<bool>> settle, Action<FoundLetter, LetterRemoval>? removed,
        CancellationToken cancellationToken)
    {
        await Parallel.ForEachAsync(letters, Parallelism.Of(cancellationToken), async (letter, token) =>
        {
            if (await settle(letter, token))
            {
                var end = await archive.RemoveAsync((ArchivedLetter)letter.Handle!, token);
                removed?.Invoke(letter, end);
            }
        });
        return [];
    }

    private FoundLetter Describe(ArchivedLetter letter) => new(
        $"{IdStart}{letter.Name}", LetterKind.Message, letter.Queue, Place, LetterCause.Of(letter.Reason), letter.ArchivedAt)
    {
        Scan = letter.Name.IndexOf('-', StringComparison.Ordinal) is var dash and > 0 && ScanId.TryParse(letter.Name[..dash], out var scan) ? scan : null,
        MessageId = letter.Name,
        Description = letter.Description,
        Deliveries = letter.Deliveries,
        Replays = letter.Replays,
        Handle = letter,
        Body = cancellationToken => archive.ReadAsync(letter.Name, cancellationToken),
    };
}
