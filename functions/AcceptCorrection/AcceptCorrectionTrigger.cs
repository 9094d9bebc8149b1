using CtSeg.Contracts;
using CtSeg.Corrections;
using CtSeg.DataSets;
using CtSeg.Functions.Protocol;
using CtSeg.Recovery;

namespace CtSeg.Functions;

/// <summary>A corrected mask was uploaded: check it and let it join the training data.</summary>
internal sealed partial class AcceptCorrectionTrigger(CorrectionIntake intake, LostCorrections lost, ILogger<AcceptCorrectionTrigger> logger)
{
    public const string Name = "AcceptCorrection";
    public const string MaskBinding = "mask";

    public async Task<Answer> RunAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        string blobName;
        // The content is read from storage again, with its metadata: what lies there now counts.
        using (var invocation = await BlobInvocation.ReadAsync(request.Body, request.ContentLength, MaskBinding, Containers.Corrections, cancellationToken))
            blobName = invocation.BlobName;
        return await AcceptAsync(blobName, cancellationToken);
    }

    public async Task<Answer> AcceptAsync(string blobName, CancellationToken cancellationToken)
    {
        var result = await intake.AcceptAsync(blobName, cancellationToken);
        if (result.Scan is not { } scan)
        {
            LogNotAScan();
            return new Answer().Log("the blob is not named by a scan; nothing is recorded");
        }
        if (result.Outcome is not { } outcome)
        {
            LogGone(scan);
            return new Answer().Log($"scan {scan}: the correction is gone, replaced or erased");
        }
        await lost.ForgetAsync(scan, cancellationToken);
        if (outcome.Refusal is { } refusal)
            LogRefused(scan, refusal.Reason);
        else if (result.Changed)
            LogAccepted(scan);
        return new Answer().Log($"scan {scan}: correction {outcome.State}");
    }

    [LoggerMessage(240, LogLevel.Information, "A corrected mask of scan {Scan} joined the training data")]
    private partial void LogAccepted(ScanId scan);

    [LoggerMessage(241, LogLevel.Warning, "A corrected mask of scan {Scan} is refused: {Reason}")]
    private partial void LogRefused(ScanId scan, CorrectionReason reason);

    [LoggerMessage(242, LogLevel.Warning, "A blob among the corrections is not named {{scanId}}.png; it is refused")]
    private partial void LogNotAScan();

    [LoggerMessage(243, LogLevel.Information, "The correction of scan {Scan} is gone, replaced or erased")]
    private partial void LogGone(ScanId scan);
}
