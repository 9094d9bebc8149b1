using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>Signs the models of runs, and refuses models that jobs would not load.</summary>
/// <param name="trusted">Keys of which one must have signed a model that is put into use; none where it needs no signature.</param>
/// <param name="key">Null where models are signed by hand, or not at all.</param>
internal sealed class RunSigning(ModelStore models, TrustedKeys trusted, SigningKey? key, ILogger<RunSigning> logger)
{
    private bool IsTrusted => key is not null && (trusted.IsEmpty || trusted.Ids.Contains(key.Id, StringComparer.Ordinal));

    /// <summary>
    /// Before a training. A model that nobody signs ends refused, which a run that somebody asked for may do: its model can be signed and promoted by hand.
    /// Of the schedule's runs nobody waits for that.
    /// </summary>
    /// <returns>One sentence; null where nothing stands against it.</returns>
    public string? ObjectionTo(TrainingRunRequest request)
    {
        if (trusted.IsEmpty || IsTrusted)
            return null;
        if (key is not null)
            return $"The key {key.Id} of {Settings.ModelSigningKey} is none of {Settings.TrustedModelKeys}, so that no job would load what it signs: trust its public key, or set one that is trusted.";
        return request.By == TrainingRunRequest.BySchedule
            ? $"Only signed models are loaded here, and this job has no key to sign with: set {Settings.ModelSigningKey}, or start a run by hand, sign its model by 'models sign' and put it into use by 'models promote'."
            : null;
    }

    /// <summary>A model that a key signed which jobs trust stays as it is.</summary>
    /// <exception cref="DamagedModelException">The model or its signature is not what it should be.</exception>
    public async Task SignAsync(string run, string version, CancellationToken cancellationToken)
    {
        if (!IsTrusted)
            return;
        if (await models.FindSignatureAsync(version, cancellationToken) is { } signed
            && (trusted.IsEmpty || trusted.Ids.Contains(signed.KeyId, StringComparer.Ordinal)))
            return;
        await key!.SignAsync(models, version, cancellationToken);
        logger.Signed(run, version, key.Id);
    }

    /// <returns>Null where no such model is published.</returns>
    /// <exception cref="UntrustedModelException">Keys are trusted, and none of them signed it.</exception>
    /// <exception cref="DamagedModelException">Its files are not what they should be.</exception>
    public async Task<ModelFiles?> FindFilesAsync(string version, CancellationToken cancellationToken)
    {
        if (await models.FindFilesAsync(version, cancellationToken) is not { } files)
            return null;
        var signature = trusted.IsEmpty ? null : await models.FindSignatureAsync(version, cancellationToken);
        ModelSignatures.Verify(trusted, version, signature, files.ManifestJson, files.Manifest.WeightsSha256);
        return files;
    }

    /// <summary>The same without the weights, which are read only where they must be checked.</summary>
    public async Task<ModelManifest?> FindManifestAsync(string version, CancellationToken cancellationToken) =>
        trusted.IsEmpty ? await models.FindAsync(version, cancellationToken) : (await FindFilesAsync(version, cancellationToken))?.Manifest;

    /// <returns>Why jobs would not load the model; null where they would.</returns>
    /// <exception cref="DamagedModelException">Its files are not what they should be.</exception>
    public async Task<string?> ObjectionToServeAsync(string version, CancellationToken cancellationToken)
    {
        if (trusted.IsEmpty)
            return null;
        try
        {
            return await FindFilesAsync(version, cancellationToken) is null ? throw new RunFailedException($"The model {version} of this run is gone.") : null;
        }
        catch (UntrustedModelException e)
        {
            return $"It passed, but jobs would not load it. {e.Message} Then put it into use by 'models promote'.";
        }
    }
}
