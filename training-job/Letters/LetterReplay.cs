using System.Globalization;
using CtSeg.Contracts;
using CtSeg.Intake;
using CtSeg.Recovery;
using CtSeg.ServiceBus;
using CtSeg.TrainingJob.Consumer;

namespace CtSeg.TrainingJob.Letters;

/// <summary>
/// Sends what lies dead to where it belongs. A message id that was used before would be dropped by duplicate detection, so each replay has a new one; it
/// is the same where a replay that was killed is done again, so that then duplicate detection does its work.
/// </summary>
/// <param name="dryRun">Decides and sends nothing.</param>
internal sealed class LetterReplay(
    ScanReplays scans, UploadReplays uploads, TrainingReplays runs, IServiceBusClient bus, bool dryRun, TimeProvider time) : IAsyncDisposable
{
    /// <value>Of the requests that are sent here.</value>
    public const string Source = "/ctseg/dead-letters";

    // Before the count of replays, at the end of a message's id.
    private const char Mark = '~';

    // Of an id, as the service has it.
    private const int MaxIdLength = 128;

    private readonly Dictionary<string, IMessageSender> _senders = Queues.All.ToDictionary(queue => queue, bus.CreateSender);

    /// <exception cref="Azure.RequestFailedException">Storage refused.</exception>
    /// <exception cref="ServiceBusException">The service refused, or stayed out of reach.</exception>
    public async Task<ReplayOutcome> SendAsync(FoundLetter letter, CancellationToken cancellationToken)
    {
        if (letter.Kind == LetterKind.Scan)
            return await uploads.TakeInAgainAsync(letter.Scan!.Value, cancellationToken);
        if (letter.Kind == LetterKind.Upload)
            return await TakeInAgainAsync(letter, cancellationToken);
        if (await letter.Body(cancellationToken) is not { } body)
            return new ReplayOutcome(ReplayDecision.Gone, "The letter is not there any more.", null);
        return letter.Queue switch
        {
            Queues.SegmentationRequests => await AskAgainAsync(body, cancellationToken),
            Queues.TrainingRequests => await runs.AskAgainAsync(body, letter.Replays + 1, _senders[Queues.TrainingRequests], cancellationToken),
            Queues.UploadEvents or StorageQueues.PoisonedSlices when CorrectionOf(body.ToString()) is { } mask =>
                await uploads.TakeInAgainAsync(Containers.Corrections, mask.BlobName, mask.ETag, cancellationToken),
            Queues.UploadEvents when UploadEvent.TryParse(body.ToString()) is null => new ReplayOutcome(ReplayDecision.Refused, UploadEvent.Expected, null),
            var queue when _senders.ContainsKey(queue) => await TellAgainAsync(letter, body, cancellationToken),
            _ => new ReplayOutcome(ReplayDecision.Refused, "It belongs to no queue that there is.", null),
        };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var sender in _senders.Values)
            await sender.DisposeAsync();
    }

    // A mask that was given up is judged already: only one that is written anew is judged anew.
    private static (string BlobName, string? ETag)? CorrectionOf(string body) =>
        UploadEvent.TryParse(body) is { Container: Containers.Corrections } news ? (news.BlobName, news.ETag)
        : PoisonMessage.TryParse(body) is { ContainerName: Containers.Corrections } poisoned ? (poisoned.BlobName, poisoned.ETag)
        : null;

    private async Task<ReplayOutcome> AskAgainAsync(BinaryData body, CancellationToken cancellationToken)
    {
        if (!SegmentationRequestReader.TryRead(body.ToMemory().Span, out var request, out var problem))
            return new ReplayOutcome(ReplayDecision.Refused, $"It is no segmentation request: {problem}", null);
        var (scan, attempt) = (request.Data.ScanId, request.Data.Attempt);
        var outcome = await scans.AskAgainAsync(scan, attempt, request.Id, request.TraceParent, cancellationToken);
        if (outcome is { Decision: ReplayDecision.Send, Status: { } status } && !dryRun)
        {
            var again = ScanEvents.Requested(scan, status.Attempt, Source, time.GetUtcNow().UtcDateTime, request.TraceParent ?? status.TraceParent);
            var message = EventMessages.Of(again, ContractsJson.Default.CloudEventSegmentationRequested);
            await _senders[Queues.SegmentationRequests].SendAsync(message.Counted(status.Replay?.Count ?? 1), cancellationToken);
        }
        return outcome;
    }

    /// <summary>Of events nobody knows here whether they are of use still: whoever reads them knows them by the id inside, which stays.</summary>
    private async Task<ReplayOutcome> TellAgainAsync(FoundLetter letter, BinaryData body, CancellationToken cancellationToken)
    {
        var message = new OutgoingMessage(body.ToMemory()) { MessageId = NextIdOf(letter), Subject = letter.Subject };
        if (!dryRun)
            await _senders[letter.Queue].SendAsync(message.Counted(letter.Replays + 1), cancellationToken);
        return new ReplayOutcome(ReplayDecision.Send, null, null);
    }

    /// <summary>What a replay added before is replaced; anything else is the sender's own.</summary>
    private static string NextIdOf(FoundLetter letter)
    {
        var id = letter.MessageId is { Length: > 0 } own ? own : letter.Id;
        var before = string.Create(CultureInfo.InvariantCulture, $"{Mark}{letter.Replays}");
        if (letter.Replays > 0 && id.EndsWith(before, StringComparison.Ordinal))
            id = id[..^before.Length];
        var next = string.Create(CultureInfo.InvariantCulture, $"{Mark}{letter.Replays + 1}");
        return (id.Length + next.Length > MaxIdLength ? letter.Id : id) + next;
    }

    private async Task<ReplayOutcome> TakeInAgainAsync(FoundLetter letter, CancellationToken cancellationToken)
    {
        if (letter.Handle is not UploadNews { Uploads: { Count: > 0 } all })
            return new ReplayOutcome(ReplayDecision.Refused, "It does not name an upload in a container that uploads go to.", null);
        ReplayOutcome? last = null;
        foreach (var upload in all)
        {
            var outcome = await uploads.TakeInAgainAsync(upload.Container, upload.BlobName, upload.ETag, cancellationToken);
            if (!outcome.EndsLetter())
                return outcome;
            last = last is { Decision: ReplayDecision.Send } ? last : outcome;
        }
        return last!;
    }
}
