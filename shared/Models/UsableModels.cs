namespace CtSeg.Models;

/// <summary>Whether a job could load a model: its files are there, have the hashes that are meant, and a trusted key signed them.</summary>
/// <param name="trusted">Where it holds no key, no signature is needed.</param>
internal sealed class UsableModels(ModelStore models, TrustedKeys trusted)
{
    /// <returns>The model with the hash of its manifest as it is stored: from the first move on, that is the one that may serve.</returns>
    /// <exception cref="AliasMoveRefusedException">It could not; the message says why.</exception>
    public async Task<ServedModel> RequireAsync(ServedModel model, CancellationToken cancellationToken)
    {
        try
        {
            var files = await models.FindFilesAsync(model.Version, cancellationToken)
                ?? throw Missing(model.Version);
            if (files.Manifest.WeightsSha256 is var hash && hash != model.WeightsSha256)
                throw new AliasMoveRefusedException($"The manifest of {model.Version} names the weights {hash}, not {model.WeightsSha256}: it is not the model that was meant.");
            var manifest = ModelBlobs.HashOf(files.ManifestJson);
            if (model.ManifestSha256 is { } named && named != manifest)
                throw new AliasMoveRefusedException($"The manifest of {model.Version} has the SHA-256 {manifest}, not {named}: it was changed since, and jobs would not load the model.");
            var signature = trusted.IsEmpty ? null : await models.FindSignatureAsync(model.Version, cancellationToken);
            ModelSignatures.Verify(trusted, model.Version, signature, files.ManifestJson, model.WeightsSha256);
            return model with { ManifestSha256 = manifest };
        }
        catch (Exception e) when (e is DamagedModelException or UntrustedModelException)
        {
            throw new AliasMoveRefusedException($"The model {model.Version} cannot serve. {e.Message}", e);
        }
    }

    /// <summary>The same of whatever model has the version.</summary>
    /// <exception cref="AliasMoveRefusedException">It could not; the message says why.</exception>
    public async Task<ServedModel> RequireAsync(string version, CancellationToken cancellationToken)
    {
        try
        {
            var manifest = await models.FindAsync(version, cancellationToken) ?? throw Missing(version);
            return await RequireAsync(new ServedModel(version, manifest.WeightsSha256), cancellationToken);
        }
        catch (DamagedModelException e)
        {
            throw new AliasMoveRefusedException($"The model {version} cannot serve. {e.Message}", e);
        }
    }

    private static AliasMoveRefusedException Missing(string version) =>
        new($"There is no model '{version}': 'models list' shows those that there are, 'models publish' brings one.");

    /// <returns>The last of these models that a job could load; null where there is none.</returns>
    public async Task<ServedModel?> FindLastAsync(IEnumerable<ServedModel> candidates, CancellationToken cancellationToken)
    {
        foreach (var model in candidates.Reverse().Distinct())
            if (await IsUsableAsync(model, cancellationToken))
                return model;
        return null;
    }

    private async Task<bool> IsUsableAsync(ServedModel model, CancellationToken cancellationToken)
    {
        try
        {
            await RequireAsync(model, cancellationToken);
            return true;
        }
        catch (AliasMoveRefusedException)
        {
            return false;
        }
    }
}
