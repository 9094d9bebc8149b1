using System.Security.Cryptography;
using CtSeg.Recovery;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.Retraining;

namespace CtSeg.TrainingJob.Letters;

/// <summary>
/// What is kept of a letter that is discarded. The body only of a request, which names ids and nothing else: news of uploads, and what nobody can read, may
/// name a patient whom no erasure would find here.
/// </summary>
/// <param name="Body">Null where it is not kept.</param>
internal sealed record LetterRecord(DiscardedLetter Letter, BinaryData? Body)
{
    /// <param name="body">Null where it has none, or one that is not read.</param>
    /// <param name="by">Who discards it.</param>
    public static LetterRecord Of(FoundLetter letter, BinaryData? body, string by, string reason)
    {
        var read = body is null ? default : body.ToMemory().Span;
        var isOfScan = SegmentationRequestReader.TryRead(read, out var request, out _);
        var isKept = isOfScan || TrainingRequestReader.TryRead(read, out _, out _);
        var record = new DiscardedLetter(letter.Id, letter.Queue, letter.Place, letter.Cause, letter.Time, by, reason)
        {
            Scan = isOfScan ? request!.Data.ScanId : letter.Scan,
            Description = letter.Description,
            Attempt = isOfScan ? request!.Data.Attempt : null,
            Sha256 = body is null || isKept ? null : Convert.ToHexStringLower(SHA256.HashData(read)),
            Length = body is null || isKept ? letter.UnreadLength : read.Length,
        };
        return new LetterRecord(record, isKept ? body : null);
    }
}
