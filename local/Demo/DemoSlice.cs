namespace CtSeg.Local.Demo;

/// <summary>One slice to send through the pipeline.</summary>
/// <param name="Name">Unique in this run: folder of its results below the output folder, and name of its upload.</param>
/// <param name="Read">Its bytes.</param>
internal sealed record DemoSlice(string Name, Func<CancellationToken, Task<BinaryData>> Read);
