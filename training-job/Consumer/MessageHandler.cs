using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using CtSeg.Contracts;
using CtSeg.ServiceBus;
using CtSeg.Telemetry;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>Takes one message from receipt to settlement.</summary>
/// <param name="onSegmented">Called with a slice whose result is stored and whose message is settled; must not throw.</param>
internal sealed class MessageHandler(
    SliceProcessor processor, IMessageReceiver receiver, TimeProvider time, ILogger<MessageHandler> logger, Action<SegmentedSlice>? onSegmented = null)
{
    private const string UnreadableReason = "unreadable-message";
    private const string UnusableReason = "inference-failed";

    private readonly ScanTurns _turns = new();

    /// <param name="held">Is released here.</param>
    /// <param name="stopping">Gives slices back whose mask is not begun.</param>
    /// <param name="cancellationToken">Ends everything; the message is then left to its lock.</param>
    /// <returns>False when this process is of no more use.</returns>
    public async Task<bool> HandleAsync(HeldMessage held, CancellationToken stopping, CancellationToken cancellationToken)
    {
        await using var _ = held;
        if (!SegmentationRequestReader.TryRead(held.Message.Body.Span, out var request, out var problem))
        {
            logger.Unreadable(held.Message.SequenceNumber, problem);
            await SettleAsync(held, new Verdict(Settlement.DeadLetter, problem), UnreadableReason, cancellationToken);
            return true;
        }
        using var span = DeliverySpan.Start(Queues.SegmentationRequests, request, held.Message);
        span.IsOf(request.Data.ScanId);
        using var givesBack = CancellationTokenSource.CreateLinkedTokenSource(stopping, held.LockLost);
        var since = time.GetTimestamp();
        for (var failures = 0; ; )
        {
            var isRepeated = failures > 0 || held.Message.DeliveryCount > 1;
            var verdict = await TryAsync(held, request, isRepeated, stopping, givesBack.Token, cancellationToken);
            failures++;
            if (verdict.Settlement == Settlement.TryAgain && time.GetElapsedTime(since) >= Patience.Limit)
                verdict = verdict with { Settlement = Settlement.Abandon };
            if (verdict.Problem is not null)
                logger.NotDone(request.Data.ScanId.ToString(), verdict.Problem, verdict.Settlement);
            var pause = verdict.Settlement switch
            {
                Settlement.TryAgain => Patience.PauseInPlace(failures),
                Settlement.AbandonLater => Patience.PauseBeforeAbandon(held.Message.DeliveryCount),
                _ => TimeSpan.Zero,
            };
            var waited = pause == TimeSpan.Zero || await PauseAsync(pause, givesBack.Token);
            if (verdict.Settlement == Settlement.TryAgain && waited)
            {
                span.TriedAgain(verdict.ErrorType ?? "");
                continue;
            }
            Note(span, verdict);
            if (await SettleAsync(held, verdict, UnusableReason, cancellationToken) && verdict.Segmented is { } segmented)
                onSegmented?.Invoke(segmented);
            return !verdict.StopsConsumer;
        }
    }

    private static void Note(Activity? span, Verdict verdict)
    {
        span.Settled(verdict.Settlement);
        if (verdict.ErrorType is { } error)
            span.Fail(error);
    }

    /// <summary>Gives a message back on which no work was begun.</summary>
    /// <param name="held">Is released here.</param>
    public async Task GiveBackAsync(HeldMessage held, CancellationToken cancellationToken)
    {
        await using var _ = held;
        await SettleAsync(held, new Verdict(Settlement.Abandon), UnusableReason, cancellationToken);
    }

    [SuppressMessage("Design", "CA1031", Justification = "Host boundary: whatever one message brings about must neither end the process nor the other messages; the verdict gives it back, so nothing is lost.")]
    private async Task<Verdict> TryAsync(
        HeldMessage held,
        CloudEvent<SegmentationRequested> request,
        bool isRepeated,
        CancellationToken stopping,
        CancellationToken givesBack,
        CancellationToken cancellationToken)
    {
        try
        {
            using var turn = await _turns.EnterAsync(request.Data.ScanId, givesBack);
            return await WorkAsync(request, isRepeated, givesBack, cancellationToken);
        }
        catch (Exception e)
        {
            return Verdict.On(e, held.LockLost.IsCancellationRequested, stopping.IsCancellationRequested);
        }
    }

    private async Task<Verdict> WorkAsync(
        CloudEvent<SegmentationRequested> request, bool isRepeated, CancellationToken givesBack, CancellationToken cancellationToken)
    {
        var traceParent = Spans.Current?.Id ?? request.TraceParent;
        try
        {
            var result = await processor.ProcessAsync(request, isRepeated, traceParent, givesBack, cancellationToken);
            Log(request, result);
            if (StateAfter(result.End) is { } state)
                Spans.Current.Ended(state);
            return new Verdict(Settlement.Complete) { Segmented = result.Segmented };
        }
        catch (UnusableSliceException e)
        {
            await processor.FailAsync(request, e, traceParent, cancellationToken);
            Spans.Current.Ended(ScanState.Failed);
            return new Verdict(Settlement.DeadLetter, $"The slice cannot be segmented: {e.Message}.") { ErrorType = UnusableReason };
        }
    }

    /// <returns>Null for a scan of which nothing is left.</returns>
    private static ScanState? StateAfter(SliceEnd end) => end switch
    {
        SliceEnd.Segmented or SliceEnd.AlreadyDone => ScanState.Completed,
        SliceEnd.AlreadyFailed => ScanState.Failed,
        _ => null,
    };

    private void Log(CloudEvent<SegmentationRequested> request, SliceResult result)
    {
        var scan = request.Data.ScanId.ToString();
        if (result.Durations is { } took)
            logger.Segmented(scan, took.Model.TotalMilliseconds, took.Fetch.TotalMilliseconds, took.Store.TotalMilliseconds);
        else
            logger.NothingToDo(scan, result.End);
    }

    /// <summary>A settlement that fails is left to the end of the lock: the message comes again and finds its work done.</summary>
    /// <returns>Whether the service took the settlement.</returns>
    private async Task<bool> SettleAsync(HeldMessage held, Verdict verdict, string deadLetterReason, CancellationToken cancellationToken)
    {
        if (held.LockLost.IsCancellationRequested)
            return false;
        try
        {
            await (verdict.Settlement switch
            {
                Settlement.Complete => receiver.CompleteAsync(held.Message, cancellationToken),
                Settlement.DeadLetter => receiver.DeadLetterAsync(held.Message, deadLetterReason, verdict.Problem ?? "", cancellationToken),
                Settlement.Leave => Task.CompletedTask,
                _ => receiver.AbandonAsync(held.Message, cancellationToken),
            });
            return true;
        }
        catch (Exception e) when (e is ServiceBusException or TimeoutException or IOException or OperationCanceledException)
        {
            logger.NotSettled(held.Message.SequenceNumber, verdict.Settlement, e.Message);
            return false;
        }
    }

    /// <returns>False when the message is to be given back.</returns>
    private async Task<bool> PauseAsync(TimeSpan pause, CancellationToken givesBack)
    {
        try
        {
            await Task.Delay(pause, time, givesBack);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
