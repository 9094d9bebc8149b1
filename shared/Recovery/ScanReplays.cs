using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Scans;

namespace CtSeg.Recovery;

/// <summary>
/// Takes failed scans up again for an operator. The status says first that the scan is asked for, and for which dead letter; then the request may be
/// sent and the letter removed. Whoever is killed in between finds by the status where it was: the attempt, and with it the request's id, stays the same.
/// </summary>
/// <param name="dryRun">Decides and changes nothing.</param>
public sealed class ScanReplays(StatusStore statuses, ScanBlobs blobs, bool dryRun, TimeProvider clock)
{
    /// <param name="attempt">That the dead letter asked for.</param>
    /// <param name="letter">Id of the dead letter's event.</param>
    /// <param name="traceParent">Of the dead letter, for a status that was lost; null where it has none.</param>
    /// <returns>With <see cref="ReplayDecision.Send"/> the status whose attempt is to be asked for; in a dry run as it stands.</returns>
    /// <exception cref="Azure.RequestFailedException">Storage refused; try the whole again.</exception>
    public async Task<ReplayOutcome> AskAgainAsync(ScanId scan, int attempt, string letter, string? traceParent, CancellationToken cancellationToken)
    {
        try
        {
            var read = await statuses.FindAsync(scan, cancellationToken);
            if (read is not null && WhyNotAgain(read.Status, attempt, letter) is { } no)
                return no;
            if (await blobs.FindManifestAsync(scan, cancellationToken) is not { } manifest)
                return await WithoutSliceAsync(scan, read?.Status, cancellationToken);
            if (read is null)
                return await AskForLostAsync(manifest, attempt, letter, traceParent, cancellationToken);
            if (dryRun)
                return new ReplayOutcome(ReplayDecision.Send, null, read.Status);
            var (stored, _) = await statuses.ChangeAsync(
                read,
                status => WhyNotAgain(status, attempt, letter) is null && !IsAskedFor(status, letter) ? status.Replayed(letter, Now) : null,
                cancellationToken);
            return WhyNotAgain(stored.Status, attempt, letter) ?? new ReplayOutcome(ReplayDecision.Send, null, stored.Status);
        }
        catch (JsonException)
        {
            return Refused($"A document of scan {scan} cannot be read.", null);
        }
        catch (InvalidOperationException)
        {
            return Refused($"The status of scan {scan} changes all the time: try again later.", null);
        }
    }

    /// <summary>For an upload that was never preprocessed: back to received, so that it may be taken in again.</summary>
    public async Task<ReplayOutcome> TakeInAgainAsync(ScanId scan, CancellationToken cancellationToken)
    {
        try
        {
            if (await statuses.FindAsync(scan, cancellationToken) is not { } read)
                return new ReplayOutcome(ReplayDecision.Gone, "The scan is not there any more.", null);
            if (!await blobs.Erased.HasUploadAsync(scan, read.Status.BlobName, cancellationToken))
                return Refused("The upload is not there any more, or was replaced: upload the slice again.", read.Status);
            if (dryRun)
                return WhyNotTakenIn(read.Status) ?? new ReplayOutcome(ReplayDecision.Send, null, read.Status);
            var (stored, _) = await statuses.ChangeAsync(
                read, status => WhyNotTakenIn(status) is null && status.State == ScanState.Failed ? status.ReceivedAgain(Now) : null, cancellationToken);
            return WhyNotTakenIn(stored.Status) ?? new ReplayOutcome(ReplayDecision.Send, null, stored.Status);
        }
        catch (JsonException)
        {
            return Refused($"The status of scan {scan} cannot be read.", null);
        }
        catch (InvalidOperationException)
        {
            return Refused($"The status of scan {scan} changes all the time: try again later.", null);
        }
    }

    /// <summary>Failures whose cause may be gone; all others lie in the file that was uploaded.</summary>
    public static bool IsReplayable(FailureReason reason) =>
        reason is FailureReason.InferenceFailed or FailureReason.Poisoned or FailureReason.DeadLettered or FailureReason.GaveUp;

    /// <summary>Killed here before: the status is written, and maybe the request is sent.</summary>
    private static bool IsAskedFor(ScanStatus status, string letter) => !status.IsTerminal && status.Replay?.Letter == letter;

    private static ReplayOutcome? WhyNotAgain(ScanStatus status, int attempt, string letter) => status switch
    {
        { State: ScanState.Completed } => new(ReplayDecision.Completed, "The scan is completed meanwhile.", status),
        { State: ScanState.Failed } when status.Replay?.Letter == letter =>
            new(ReplayDecision.FailedAgain, "It was sent again before, and the scan failed again.", status),
        { State: ScanState.Failed, Failure.Reason: var reason } when !IsReplayable(reason) => Refused("The scan failed for what was uploaded.", status),
        { IsTerminal: false } when !IsAskedFor(status, letter) && status.Attempt > attempt =>
            new(ReplayDecision.AskedAgain, "The scan was asked for again meanwhile, and that is under way.", status),
        _ => null,
    };

    private static ReplayOutcome? WhyNotTakenIn(ScanStatus status) => status switch
    {
        { State: ScanState.Received } => null,
        { State: ScanState.Failed, Failure.Reason: FailureReason.Poisoned } => null,
        { State: ScanState.Completed } => new(ReplayDecision.Completed, "The scan is completed meanwhile.", status),
        { State: ScanState.Failed } => new(ReplayDecision.AskedAgain, "The upload was taken in meanwhile, and its scan failed for another reason.", status),
        _ => new(ReplayDecision.AskedAgain, "The upload was taken in meanwhile.", status),
    };

    private async Task<ReplayOutcome> WithoutSliceAsync(ScanId scan, ScanStatus? status, CancellationToken cancellationToken) =>
        await blobs.Erased.IsErasedAsync(scan, cancellationToken)
            ? new ReplayOutcome(ReplayDecision.Gone, "The slice was erased.", status)
            : Refused("The preprocessed slice is not there any more: upload the slice again under another name.", status);

    /// <summary>The preprocessed slice is there, so the scan is real: only its status was lost.</summary>
    private async Task<ReplayOutcome> AskForLostAsync(ScanManifest manifest, int attempt, string letter, string? traceParent, CancellationToken cancellationToken)
    {
        var scan = manifest.ScanId;
        var anew = (ScanStatus.Received(scan, manifest.BlobName, Now) with { Attempt = attempt, TraceParent = traceParent }).Replayed(letter, Now);
        if (dryRun)
            return new ReplayOutcome(ReplayDecision.Send, null, anew);
        if (await statuses.TryCreateAsync(anew, cancellationToken) is null)
            return await AskAgainAsync(scan, attempt, letter, traceParent, cancellationToken);
        return await blobs.Erased.TakeBackScanAsync(scan, cancellationToken)
            ? new ReplayOutcome(ReplayDecision.Gone, "The slice was erased.", null)
            : new ReplayOutcome(ReplayDecision.Send, null, anew);
    }

    private static ReplayOutcome Refused(string text, ScanStatus? status) => new(ReplayDecision.Refused, text, status);

    private DateTime Now => clock.GetUtcNow().UtcDateTime;
}
