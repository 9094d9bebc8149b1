namespace CtSeg.Local.Scaling;

/// <summary>What one execution of the segmentation job runs on, and how long its work takes there.</summary>
/// <param name="Name">As the option names it.</param>
/// <param name="SecondsPerSlice">Of the whole job, one slice after the other.</param>
/// <param name="LoadSeconds">From the start of the process to the first message: the model fetched, checked and loaded.</param>
/// <param name="Processors">Of the container.</param>
/// <param name="MemoryGib">Of the container.</param>
/// <param name="GpuPrice">Id of the price of a second of its GPU; null where it has none.</param>
internal sealed record Hardware(string Name, double SecondsPerSlice, double LoadSeconds, double Processors, double MemoryGib, string? GpuPrice)
{
    /// <summary>
    /// Two processors. 0.335 s is the median of a slice in docs/performance.md (bench predict), and the pipeline runs at 0.9 times the rate
    /// of predict there (bench pipeline).
    /// </summary>
    public static Hardware Cpu { get; } = new("cpu", 0.335 / 0.9, 5, 2, 4, null);

    /// <summary>Assumed, never measured: no GPU was at hand. The 16 ms of processor time beside the model are measured.</summary>
    public static Hardware T4 { get; } = new("t4", 0.06, 10, 8, 56, "container-apps-gpu-t4");

    /// <summary>Assumed, as for the T4.</summary>
    public static Hardware A100 { get; } = new("a100", 0.03, 10, 8, 56, "container-apps-gpu-a100");

    public static IReadOnlyList<Hardware> All { get; } = [Cpu, T4, A100];
}
