using System.Collections.Concurrent;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>
/// The threads that help the one that computes, as torch has its own: those of .NET's pool also fetch and write, and are
/// lowered in their priority for it. Started by the first that needs help, they inherit its priority.
/// </summary>
internal sealed class HelperThreads : TaskScheduler
{
    private static readonly HelperThreads All = new();

    // Of the process, as its threads are: there is one of this class.
    private static readonly BlockingCollection<Task> Waiting = new(new ConcurrentQueue<Task>());

    private readonly Lock _starting = new();
    private int _started;

    private HelperThreads()
    {
    }

    /// <summary>As many threads as torch uses, the caller among them.</summary>
    public static ParallelOptions Parallel()
    {
        var threads = get_num_threads();
        All.Start(threads - 1);
        return new ParallelOptions { MaxDegreeOfParallelism = threads, TaskScheduler = All };
    }

    protected override void QueueTask(Task task) => Waiting.Add(task);

    // The caller does its share itself. One that was queued may be run here too: its helper then finds it done.
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => Waiting.ToArray();

    private void Start(int count)
    {
        lock (_starting)
        {
            // In the background: a process that is told to go does not wait for them.
            for (; _started < count; _started++)
                new Thread(RunAll) { IsBackground = true, Name = "model" }.Start();
        }
    }

    private void RunAll()
    {
        foreach (var task in Waiting.GetConsumingEnumerable())
            TryExecuteTask(task);
    }
}
