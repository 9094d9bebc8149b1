using CtSeg.DataSets;
using CtSeg.Imaging;

namespace CtSeg.TrainingJob.DataSets;

/// <summary>Counts of an import.</summary>
internal sealed record ImportSummary(int Added, int Replaced, int Unchanged, int Refused)
{
    public int Slices => Added + Replaced + Unchanged + Refused;
}

/// <summary>Told of every slice of an import.</summary>
internal interface IImportProgress
{
    void Started(int slices);
    void Stored(string name, SliceChange change);
    void Refused(string name, string reason);
}

/// <summary>Brings slices into the training data; one that cannot be used does not keep the others out.</summary>
internal sealed class SliceImport(DataSetStore store, IImportProgress progress)
{
    /// <value>So far: it stands also where <see cref="RunAsync"/> ended early.</value>
    public ImportSummary Summary { get; private set; } = new(0, 0, 0, 0);

    /// <param name="dryRun">Looks what would change and writes nothing.</param>
    public async Task RunAsync(ImportSource source, bool dryRun, CancellationToken cancellationToken)
    {
        progress.Started(source.Count);
        foreach (var entry in source.Entries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await ImportAsync(entry, dryRun, cancellationToken);
        }
    }

    private async Task ImportAsync(ImportEntry entry, bool dryRun, CancellationToken cancellationToken)
    {
        try
        {
            if (Read(entry) is not { } slice)
                return;
            var stored = dryRun ? await store.TryAsync(slice, cancellationToken) : await store.AddAsync(slice, cancellationToken);
            Summary = stored.Change switch
            {
                SliceChange.Added => Summary with { Added = Summary.Added + 1 },
                SliceChange.Replaced => Summary with { Replaced = Summary.Replaced + 1 },
                _ => Summary with { Unchanged = Summary.Unchanged + 1 },
            };
            progress.Stored(entry.Name, stored.Change);
        }
        catch (SliceRejectedException e)
        {
            Refuse(entry, $"{e.Message} {e.Action}");
        }
    }

    /// <returns>Null where the slice is refused.</returns>
    private NewSlice? Read(ImportEntry entry)
    {
        try
        {
            return entry.Read();
        }
        catch (Exception e) when (e is ImportRefusedException or IOException or UnauthorizedAccessException)
        {
            Refuse(entry, e.Message);
            return null;
        }
    }

    private void Refuse(ImportEntry entry, string reason)
    {
        Summary = Summary with { Refused = Summary.Refused + 1 };
        progress.Refused(entry.Name, reason);
    }
}
