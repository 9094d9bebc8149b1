using System.Security.Cryptography;
using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Models;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>Fetches a model, loads it, and lets it segment blank slices before it may serve.</summary>
/// <param name="load">Loads a model folder and checks the weights' hash; throws <see cref="ModelRefusedException"/>.</param>
internal sealed class ModelLoader(StorageModels models, Func<string, ISliceSegmenter> load, TimeProvider time)
{
    /// <summary>A model that has not segmented two blank slices by then is refused.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // A small one, and one of the size that the functions make of every slice.
    private static readonly int[] ProbeSides = [64, 369];

    /// <summary>On a thread of its own, beside the model that serves meanwhile.</summary>
    /// <param name="namedBy">The blob in <c>models/</c> that names the model.</param>
    /// <param name="cancellationToken">Gives the load up; what it makes after that is disposed of.</param>
    /// <exception cref="ModelRefusedException">The model is not what it should be, or cannot segment.</exception>
    public async Task<ISliceSegmenter> LoadAsync(ServedModel model, string namedBy, CancellationToken cancellationToken)
    {
        var folder = await models.FetchAsync(model, namedBy, cancellationToken);
        var loading = new Task<ISliceSegmenter>(() => LoadAndProbe(folder, model), TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => loading.RunSynchronously(TaskScheduler.Default)) { IsBackground = true, Name = "model loader" }.Start();
        return await WithinPatienceAsync(loading, model, cancellationToken);
    }

    /// <summary>The same on a thread that is to go on with the model, from files that are there.</summary>
    /// <exception cref="ModelRefusedException">The model is not what it should be, or cannot segment.</exception>
    public Task<ISliceSegmenter> LoadOnAsync(ModelThread thread, string folder, ServedModel model, CancellationToken cancellationToken) =>
        WithinPatienceAsync(thread.ExecuteAsync(() => LoadAndProbe(folder, model)), model, cancellationToken);

    private async Task<ISliceSegmenter> WithinPatienceAsync(Task<ISliceSegmenter> loading, ServedModel model, CancellationToken cancellationToken)
    {
        try
        {
            return await loading.WaitAsync(Patience, time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            DisposeOnceLoaded(loading);
            throw new ModelRefusedException($"Model {model.Version} did not segment a blank slice within {Patience.TotalMinutes:F0} minutes: it is too large for this machine, or hangs.", e);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            DisposeOnceLoaded(loading);
            throw;
        }
    }

    private static void DisposeOnceLoaded(Task<ISliceSegmenter> loading) =>
        _ = loading.ContinueWith(
            done =>
            {
                if (done.IsCompletedSuccessfully)
                    done.Result.Dispose();
                else
                    _ = done.Exception;
            },
            CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    private ISliceSegmenter LoadAndProbe(string folder, ServedModel model)
    {
        RequireManifest(folder, model);
        var segmenter = load(folder);
        try
        {
            if (segmenter.Model != new ModelReference(model.Version, model.WeightsSha256))
                throw new ModelRefusedException($"The files of model {model.Version} hold another one ({segmenter.Model.Version}): the model is refused; publish it again.");
            foreach (var side in ProbeSides)
                Probe(segmenter, side);
            return segmenter;
        }
        catch (Exception e)
        {
            segmenter.Dispose();
            if (e is ModelRefusedException)
                throw;
            // Whatever the libraries below throw: a model that fails on a blank slice fails on all.
            throw new ModelRefusedException($"Model {model.Version} fails on a blank slice ({e.GetType().Name}): it cannot serve.", e);
        }
    }

    /// <summary>Of files that were kept too: the weights' hash is in the manifest, its own in the document that names the model.</summary>
    private static void RequireManifest(string folder, ServedModel model)
    {
        if (model.ManifestSha256 is not { } named)
            return;
        try
        {
            var hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, ModelFolder.ManifestName))));
            if (hash != named)
                throw new ModelRefusedException($"{ModelFolder.ManifestName} of model {model.Version} on this machine has the SHA-256 {hash}, not {named}: the model is refused.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelRefusedException($"{ModelFolder.ManifestName} of model {model.Version} on this machine cannot be read: the model is refused.", e);
        }
    }

    private static void Probe(ISliceSegmenter segmenter, int side)
    {
        var blank = GreyImage.Blank(side, side);
        var mask = segmenter.Segment(blank, side, side);
        if (mask.Width != side || mask.Height != side)
            throw new InvalidDataException("The mask has another size than its slice.");
        segmenter.Check(blank);
    }
}
