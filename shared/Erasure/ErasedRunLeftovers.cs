using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.TrainingRuns;

namespace CtSeg.Erasure;

/// <summary>
/// For the job that works on a run whose data were erased: an erasure that came by just before the job's writes found neither the model nor the report.
/// </summary>
public sealed class ErasedRunLeftovers(BlobServiceClient storage, TimeProvider time)
{
    private readonly BlobContainerClient _models = storage.GetBlobContainerClient(Containers.Models);
    private readonly ErasedModels _erased = new(storage, new HashSet<string>());
    private readonly ErasureOrders _orders = new(storage, time);

    /// <summary>The reports of the run and of its model, which show slices as pictures, with all that an account keeps of them.</summary>
    public async Task RemoveReportsAsync(TrainingRunStatus run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        await BlobRemoval.RemoveAsync(storage.GetBlobContainerClient(Containers.TrainingRuns), BlobPaths.TrainingReport(run.Id), cancellationToken);
        await _erased.RemoveReportAsync(ModelOf(run), cancellationToken);
    }

    /// <summary>Marks the run's model, if there is one, for every erasure of what it or the model that it was trained on from has learnt from; once.</summary>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="InvalidOperationException">Other writers came first every time.</exception>
    public async Task<bool> MarkModelAsync(TrainingRunStatus run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        var isMarked = false;
        foreach (var order in await OrdersAsync(run, cancellationToken))
        {
            var traces = await _erased.FindAsync(order, order.Found, cancellationToken);
            if (traces.Affected.FirstOrDefault(model => model.Version == ModelOf(run)) is not { } model)
                continue;
            await _erased.MarkAsync(model, order, cancellationToken);
            isMarked = true;
        }
        return isMarked;
    }

    // A run that was cut off right after it had published knows no challenger yet: models are named after their runs.
    private static string ModelOf(TrainingRunStatus run) => run.Challenger ?? run.Id;

    /// <summary>Those that removed what the run learns from or is judged by, that came since it was asked for, or that marked its champion.</summary>
    private async Task<IReadOnlyList<ErasureOrder>> OrdersAsync(TrainingRunStatus run, CancellationToken cancellationToken)
    {
        var orders = new List<ErasureOrder>();
        var ofChampion = await OfChampionAsync(run, cancellationToken);
        // An order that cannot be read: data forget tells of it.
        await foreach (var order in _orders.ListAllAsync(damaged: _ => { }, cancellationToken))
            if (order.Time >= run.Timeline[0].Time || ofChampion.Contains(order.Id) || Names(order.Found.DataSets, run.DataSet) || Names(order.Found.EvaluationSets, run.EvaluationSet))
                orders.Add(order);
        return orders;

        static bool Names(IReadOnlyList<string> versions, string? version) => version is not null && versions.Contains(version, StringComparer.Ordinal);
    }

    private async Task<HashSet<string>> OfChampionAsync(TrainingRunStatus run, CancellationToken cancellationToken)
    {
        var mark = run.Champion is { } champion && !run.Request.FromScratch
            ? await BlobText.FindAsync(_models.GetBlobClient(BlobPaths.ModelErasure(champion)), cancellationToken)
            : null;
        var entries = mark is null ? null : BlobText.TryParse(mark, ContractsJson.Default.ModelErasure)?.Entries;
        return [.. (entries ?? []).Select(entry => entry.Erasure)];
    }
}
