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
                ?? throw new AliasMoveRefusedException($"There is no model '{model.Version}': publish it first.");
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
