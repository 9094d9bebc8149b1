using System.Collections.Concurrent;
using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Segmentation;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>A mask, what the model thinks of its input, and how long it took for both.</summary>
internal sealed record TimedMask(LesionMask Mask, InputCheckResult? InputCheck, TimeSpan Duration);

/// <summary>
/// Runs the model, one slice at a time, on a thread of its own, so that fetching and writing of other slices goes on
/// beside it.
/// </summary>
internal sealed class ModelThread : IDisposable
{
    private const int ProbeSide = 64;
    private readonly ISliceSegmenter _segmenter;
    private readonly TimeProvider _time;
    private readonly BlockingCollection<Task> _work = new(new ConcurrentQueue<Task>());

    public ModelThread(ISliceSegmenter segmenter, TimeProvider time)
    {
        (_segmenter, _time) = (segmenter, time);
        // In the background: a process that is told to go does not wait for native code.
        new Thread(RunAll) { IsBackground = true, Name = "model" }.Start();
    }

    public ISliceSegmenter Segmenter => _segmenter;

    /// <summary>
    /// Libraries below throw the same for a bad input, no memory and a broken device. So the cause is found by
    /// experiment: the slice again, then a blank one of its size, then a small blank one.
    /// </summary>
    /// <param name="cancellationToken">Takes the slice back while it waits; once begun it is finished.</param>
    /// <exception cref="UnusableSliceException">The model fails on this slice and on no other.</exception>
    /// <exception cref="ModelOverloadedException">The model fails on any slice of this size.</exception>
    /// <exception cref="ModelBrokenException">The model fails on any slice.</exception>
    public async Task<TimedMask> SegmentAsync(GreyImage image, int width, int height, CancellationToken cancellationToken)
    {
        var first = await RunAsync(image, width, height, cancellationToken);
        if (!first.IsFaulted)
            return await Result(first, cancellationToken);
        var second = await RunAsync(image, width, height, cancellationToken);
        if (!second.IsFaulted)
            return await Result(second, cancellationToken);
        var cause = second.Exception!.InnerException!;
        if (await WorksOnBlankAsync(image.Width, image.Height, width, height, cancellationToken))
            throw new UnusableSliceException($"the model fails on it ({cause.GetType().Name})", cause);
        if (await WorksOnBlankAsync(ProbeSide, ProbeSide, ProbeSide, ProbeSide, cancellationToken))
            throw new ModelOverloadedException($"The model fails on any slice of {width} x {height} pixels here.", cause);
        throw new ModelBrokenException("The model fails on every slice, a blank one too.", cause);
    }

    public void Dispose() => _work.CompleteAdding();

    /// <returns>The ended task, whatever its end; its exception is not thrown here. Its result is null when it was taken back.</returns>
    private async Task<Task<TimedMask?>> RunAsync(GreyImage image, int width, int height, CancellationToken cancellationToken)
    {
        // Not cancelled through the task itself: it could then end between the look and the start on the other thread.
        var task = new Task<TimedMask?>(
            () => cancellationToken.IsCancellationRequested ? null : Run(image, width, height),
            CancellationToken.None,
            TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(task, cancellationToken);
        await Task.WhenAny(task);
        return task;
    }

    /// <exception cref="OperationCanceledException">Taken back before it was tried: nothing is known.</exception>
    private async Task<bool> WorksOnBlankAsync(int imageWidth, int imageHeight, int width, int height, CancellationToken cancellationToken)
    {
        var ended = await RunAsync(Blank(imageWidth, imageHeight), width, height, cancellationToken);
        if (ended.IsFaulted)
            return false;
        await Result(ended, cancellationToken);
        return true;
    }

    private static async Task<TimedMask> Result(Task<TimedMask?> ended, CancellationToken cancellationToken) =>
        await ended ?? throw new OperationCanceledException("The slice was taken back.", cancellationToken);

    private TimedMask Run(GreyImage image, int width, int height)
    {
        var start = _time.GetTimestamp();
        var mask = _segmenter.Segment(image, width, height);
        var check = _segmenter.Check(image);
        return new TimedMask(mask, check, _time.GetElapsedTime(start));
    }

    private void RunAll()
    {
        foreach (var task in _work.GetConsumingEnumerable())
            task.RunSynchronously(TaskScheduler.Default);
    }

    private static GreyImage Blank(int width, int height) => new(width, height, new byte[width * height]);
}
