using System.Collections.Concurrent;
using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Segmentation;
using CtSeg.Telemetry;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>A mask, what the model thinks of its input, which model it was, and how long it took for both.</summary>
internal sealed record TimedMask(LesionMask Mask, InputCheckResult? InputCheck, ModelReference Model, TimeSpan Duration);

/// <summary>
/// Runs the model, one slice at a time, on a thread of its own, so that fetching and writing of other slices goes on
/// beside it. Another model may take over between two slices.
/// </summary>
internal sealed class ModelThread : IDisposable
{
    private const int ProbeSide = 64;
    private readonly TimeProvider _time;
    private readonly BlockingCollection<Task> _work = new(new ConcurrentQueue<Task>());
    private ISliceSegmenter? _serving;

    /// <summary>Without a model: <see cref="Serve"/> gives it one.</summary>
    /// <param name="onStart">Called on the thread, before anything else.</param>
    public ModelThread(TimeProvider time, string name = "model", Action? onStart = null)
    {
        _time = time;
        // In the background: a process that is told to go does not wait for native code.
        new Thread(() => RunAll(onStart)) { IsBackground = true, Name = name }.Start();
    }

    public ModelThread(ISliceSegmenter segmenter, TimeProvider time)
        : this(time) => _serving = segmenter;

    /// <value>The model of the slices that begin now.</value>
    public ISliceSegmenter Serving => Volatile.Read(ref _serving) ?? throw new InvalidOperationException("No model serves yet.");

    /// <value>What a run of the model is called in telemetry.</value>
    public string StageName { get; init; } = StageNames.Predict;

    /// <summary>Slices that begin from now on are the next model's. The one before is disposed of after its last slice, on this thread; nobody waits for that.</summary>
    public void Serve(ISliceSegmenter next)
    {
        if (Interlocked.Exchange(ref _serving, next) is { } before)
            TryAdd(new Task(before.Dispose));
    }

    /// <summary>Runs something on this thread, after what waits there.</summary>
    public Task<T> ExecuteAsync<T>(Func<T> work)
    {
        var task = new Task<T>(work, TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(task);
        return task;
    }

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

    /// <summary>One try, whose fault says nothing about its cause.</summary>
    /// <returns>The ended task, faulted where the model failed; its result is null when the slice was taken back.</returns>
    public Task<Task<TimedMask?>> TryOnceAsync(GreyImage image, int width, int height, CancellationToken cancellationToken) =>
        RunAsync(image, width, height, cancellationToken);

    /// <summary>Ends the thread after what waits there, and the model with it; nobody waits for that.</summary>
    public void Retire()
    {
        if (Interlocked.Exchange(ref _serving, null) is { } last)
            TryAdd(new Task(last.Dispose));
        _work.CompleteAdding();
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
        var ended = await RunAsync(GreyImage.Blank(imageWidth, imageHeight), width, height, cancellationToken);
        if (ended.IsFaulted)
            return false;
        await Result(ended, cancellationToken);
        return true;
    }

    private static async Task<TimedMask> Result(Task<TimedMask?> ended, CancellationToken cancellationToken) =>
        await ended ?? throw new OperationCanceledException("The slice was taken back.", cancellationToken);

    private TimedMask Run(GreyImage image, int width, int height)
    {
        // Taken once: mask, check and name are of one model, whatever serves when they are done.
        var segmenter = Serving;
        // The task carries the slice's span to this thread.
        using var stage = Stage.Begin(StageName, _time).With(TelemetryAttributes.ModelVersion, segmenter.Model.Version);
        var start = _time.GetTimestamp();
        var mask = segmenter.Segment(image, width, height);
        var check = segmenter.Check(image);
        stage.Done();
        return new TimedMask(mask, check, segmenter.Model, _time.GetElapsedTime(start));
    }

    private void TryAdd(Task task)
    {
        try
        {
            _work.Add(task);
        }
        catch (InvalidOperationException)
        {
            // The thread takes no more work: the process ends, and what the model holds with it.
        }
    }

    private void RunAll(Action? onStart)
    {
        onStart?.Invoke();
        foreach (var task in _work.GetConsumingEnumerable())
            task.RunSynchronously(TaskScheduler.Default);
    }
}
