using CtSeg.DataSets;

namespace CtSeg.TrainingJob.DataSets;

/// <summary>What is to be imported: slices that are read one by one.</summary>
/// <param name="count">Of the entries.</param>
/// <param name="entries">Enumerated once; each is read before the next is asked for.</param>
/// <param name="close">What is open for them.</param>
internal sealed class ImportSource(int count, IEnumerable<ImportEntry> entries, params IDisposable[] close) : IDisposable
{
    public int Count { get; } = count;
    public IEnumerable<ImportEntry> Entries { get; } = entries;

    /// <value>For whoever imports: what they may not have meant.</value>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    public void Dispose()
    {
        foreach (var open in close)
            open.Dispose();
    }
}

/// <param name="Read">Throws what <see cref="SliceImport"/> counts as a refusal.</param>
internal sealed record ImportEntry(string Name, Func<NewSlice> Read);

/// <summary>One slice cannot be imported; the others can.</summary>
internal sealed class ImportRefusedException(string message) : Exception(message);
