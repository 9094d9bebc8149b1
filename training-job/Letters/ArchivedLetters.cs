using CtSeg.Contracts;
using CtSeg.Recovery;

namespace CtSeg.TrainingJob.Letters;

/// <summary>Segmentation requests that the functions took from the dead-letter queue and archived.</summary>
internal sealed class ArchivedLetters(LetterArchive archive) : ILetterSource
{
    public const string Prefix = "archive/";

    public string Place => $"{Containers.Audit}/{BlobPaths.DeadLetters}";

    public async Task<IReadOnlyList<FoundLetter>> FindAsync(CancellationToken cancellationToken)
    {
        var found = new List<FoundLetter>();
        await foreach (var letter in archive.ListAsync(cancellationToken))
            found.Add(Describe(letter));
        return found;
    }

    public async Task<IReadOnlyList<FoundLetter>> TakeAsync(
        IReadOnlyList<FoundLetter> letters, Func<FoundLetter, CancellationToken, Task<ReplayOutcome>> send, CancellationToken cancellationToken)
    {
        await Parallel.ForEachAsync(letters, Parallelism.Of(cancellationToken), async (letter, token) =>
        {
            if ((await send(letter, token)).EndsLetter())
                await archive.RemoveAsync((ArchivedLetter)letter.Handle!, token);
        });
        return [];
    }

    private FoundLetter Describe(ArchivedLetter letter) => new(
        $"{Prefix}{letter.Name}", LetterKind.Message, Queues.SegmentationRequests, Place, LetterCause.Of(letter.Reason), letter.ArchivedAt)
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
