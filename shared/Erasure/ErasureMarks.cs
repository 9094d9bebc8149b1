using Azure.Storage.Blobs;
using CtSeg.Models;

namespace CtSeg.Erasure;

/// <summary>For a model that is brought into the storage: the erasures that came before it could not find it.</summary>
public sealed class ErasureMarks(BlobServiceClient storage, TimeProvider time)
{
    private readonly ErasedModels _models = new(storage, new HashSet<string>());
    private readonly ErasureOrders _orders = new(storage, time);

    /// <summary>
    /// Marks a model for every erasure of what it, or the model that it was trained on from, has learnt from; once. To be called when what it learnt from is
    /// stored and before it can be used: an erasure that goes on meanwhile, and writes its order before it looks for models, then finds it by itself.
    /// </summary>
    /// <param name="trainedOn">Null where nobody knows.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="InvalidOperationException">Other writers came first every time.</exception>
    public async Task<bool> MarkAsync(ModelManifest manifest, TrainedOn? trainedOn, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        var isMarked = false;
        // An order that cannot be read: data forget tells of it.
        await foreach (var order in _orders.ListAllAsync(damaged: _ => { }, cancellationToken))
        {
            if (await _models.FindAsync(order, manifest, trainedOn, cancellationToken) is not { } model)
                continue;
            await _models.MarkAsync(model, order, cancellationToken);
            isMarked = true;
        }
        return isMarked;
    }
}
