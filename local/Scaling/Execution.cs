namespace CtSeg.Local.Scaling;

internal enum ExecutionState
{
    Starting,
    Working,
    Idle,
    CleaningUp,
    Gone,
}

/// <summary>One execution of the job while it is simulated.</summary>
internal sealed class Execution(double launchedAt)
{
    public double LaunchedAt { get; } = launchedAt;
    public ExecutionState State { get; set; }

    /// <value>Messages that it holds under lock, the one in work first.</value>
    public Queue<int> Held { get; } = new();

    /// <value>The scan of the message in work had ended before.</value>
    public bool IsSpare { get; set; }

    /// <value>Raised with every change of its state: events of before it mean nothing any more.</value>
    public int Turn { get; set; }
}
