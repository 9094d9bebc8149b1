using Azure.Storage.Blobs;
using CtSeg.Contracts;

namespace CtSeg.Models;

/// <summary>What <c>GET /api/models</c> and <c>models list --json</c> answer.</summary>
/// <param name="Current">The model in use; null where there is none, or it cannot be read.</param>
/// <param name="Shadow">The challenger beside it; null where there is none.</param>
/// <param name="Models">In the order of their versions.</param>
/// <param name="Problems">Sentences about documents that cannot be read.</param>
public sealed record ModelCatalogue(CurrentModel? Current, ShadowModel? Shadow, IReadOnlyList<CataloguedModel> Models, IReadOnlyList<string> Problems)
{
    public static async Task<ModelCatalogue> ReadAsync(BlobServiceClient storage, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(storage);
        var store = new ModelStore(storage);
        var problems = new List<string>();
        var current = (await OrToldAsync(store.ReadAliasAsync(cancellationToken), problems))?.Model;
        var shadow = await OrToldAsync(ReadShadowAsync(storage, cancellationToken), problems);
        var models = new List<CataloguedModel>();
        await foreach (var listing in store.ListAsync(cancellationToken))
            models.Add(CataloguedModel.Of(listing));
        if (current is not null && models.FirstOrDefault(model => model.Version == current.Version)?.WeightsSha256 != current.WeightsSha256)
            problems.Add($"{Containers.Models}/{BlobPaths.CurrentModel} names {current.Version} with weights that no model of that version has.");
        return new ModelCatalogue(current, shadow, models, problems);
    }

    private static async Task<ShadowModel?> ReadShadowAsync(BlobServiceClient storage, CancellationToken cancellationToken)
    {
        var blob = storage.GetBlobContainerClient(Containers.Models).GetBlobClient(BlobPaths.ShadowModel);
        return await ModelBlobs.FindAsync(blob, cancellationToken) is { } found ? ModelBlobs.Parse(blob, found.Content, ModelsJson.Default.ShadowModel) : null;
    }

    private static async Task<T?> OrToldAsync<T>(Task<T?> read, List<string> problems)
        where T : class
    {
        try
        {
            return await read;
        }
        catch (DamagedModelException e)
        {
            problems.Add(e.Message);
            return null;
        }
    }
}

/// <summary>A model as programs list it. Everything but the version is null for one that cannot be used.</summary>
/// <param name="Scores">Of all lesions as one class, then of each lesion class; null for a model that was not scored.</param>
/// <param name="Damage">One sentence, for a model that cannot be used.</param>
public sealed record CataloguedModel(
    string Version, DateTime? CreatedUtc, string? ParentVersion, string? WeightsSha256, IReadOnlyList<ClassScore>? Scores, bool KnowsItsData, bool IsSigned,
    bool HoldsErasedData, string? Damage)
{
    public static CataloguedModel Of(ModelListing listing)
    {
        ArgumentNullException.ThrowIfNull(listing);
        var manifest = listing.Manifest;
        var scores = manifest?.Scores?.Foreground;
        return new CataloguedModel(
            listing.Version, manifest?.CreatedUtc, manifest?.ParentVersion, manifest?.WeightsSha256, scores is null ? null : [scores.Infection, .. scores.Classes],
            listing.KnowsItsData, listing.IsSigned, listing.HoldsErasedData, listing.Damage);
    }
}
