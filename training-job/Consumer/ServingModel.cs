using System.Runtime.ExceptionServices;
using Azure;
using CtSeg.Contracts;
using CtSeg.Models;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>
/// The model that <c>models/current.json</c> names serves, and another one as soon as the alias names that: it is fetched, checked and tried beside the
/// one that serves, and takes over between two slices. One that is refused changes nothing. Not for use from several threads at once.
/// </summary>
internal sealed class ServingModel(
    StorageModels models, ModelLoader loader, LastServedModel lastServed, ModelAlerts alerts, Func<ModelThread> startThread, TimeProvider time, ILogger<ServingModel> logger)
{
    /// <summary>Stands for the model of an alias that names none.</summary>
    public const string UnknownVersion = "unknown";

    // What is damaged in storage may be mended without a move of the alias.
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(15);
    private static readonly string Alias = $"{Containers.Models}/{BlobPaths.CurrentModel}";

    private ETag? _known;
    private LoadingModel? _loading;
    private ServedModel? _refused;
    private TimeSpan _retry = FirstRetry;
    private DateTimeOffset _retryAt;
    private ModelThread? _thread;

    /// <value>Runs the model that serves.</value>
    public ModelThread Thread => _thread ?? throw new InvalidOperationException("No model serves yet.");

    /// <value>Ends when a look is worth it before its time; null where nothing is being loaded.</value>
    public Task? Loading => _loading?.Task;

    private ServedModel Serving => new(Thread.Serving.Model.Version, Thread.Serving.Model.WeightsSha256);

    /// <summary>Has the alias's model serve; where that is of no use, one that served before.</summary>
    /// <exception cref="ModelRefusedException">There is no usable model.</exception>
    /// <exception cref="RequestFailedException">Storage refuses, and none ever served here.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        ReadAlias? alias = null;
        var isFetched = false;
        ExceptionDispatchInfo problem;
        try
        {
            alias = (await models.ReadAliasAsync(known: null, cancellationToken))!;
            _known = alias.ETag;
            var named = alias.Model ?? throw new ModelRefusedException(alias.Problem);
            var folder = await models.FetchAsync(named, Alias, cancellationToken);
            isFetched = true;
            await ServeFirstAsync(named, folder, cancellationToken);
            Note(named);
            return;
        }
        catch (ModelRefusedException e)
        {
            problem = ExceptionDispatchInfo.Capture(e);
        }
        catch (Exception e) when (StorageFaults.Is(e))
        {
            logger.WatchFailed(StorageFaults.Describe(e));
            problem = ExceptionDispatchInfo.Capture(e);
        }
        var refusal = problem.SourceException as ModelRefusedException;
        var wanted = alias is null ? null : alias.Model ?? new ServedModel(UnknownVersion, alias.ContentSha256);
        if (!await TryServeEarlierAsync(alias, isRefused: refusal is not null, isFetched, cancellationToken))
        {
            if (refusal is not null)
                await TellOfNoModelAsync(wanted!, refusal, cancellationToken);
            problem.Throw();
        }
        if (refusal is not null)
            Refuse(wanted!, refusal.Message);
        else
            // Read again from the start: this look may have found the alias, and its files not.
            _known = null;
    }

    /// <summary>One look at the alias. What was loaded takes over, what is new is begun to be loaded.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        await FinishLoadingAsync();
        if (await models.ReadAliasAsync(_known, cancellationToken) is { } alias)
            Follow(alias, cancellationToken);
        else if (_refused is { } again && _loading is null && time.GetUtcNow() >= _retryAt)
            Begin(again, cancellationToken);
        await alerts.SendAsync(cancellationToken);
    }

    private void Follow(ReadAlias alias, CancellationToken cancellationToken)
    {
        _known = alias.ETag;
        (_refused, _retry) = (null, FirstRetry);
        if (_loading is { } outdated && outdated.Model != alias.Model)
        {
            outdated.GiveUp();
            _loading = null;
        }
        if (alias.Model is null)
            alerts.Refused(new ServedModel(UnknownVersion, alias.ContentSha256), alias.Problem, Serving.Version);
        else if (alias.Model != Serving && _loading is null)
            Begin(alias.Model, cancellationToken);
    }

    private void Begin(ServedModel model, CancellationToken cancellationToken) =>
        _loading = LoadingModel.Begin(model, token => loader.LoadAsync(model, Alias, token), cancellationToken);

    private async Task FinishLoadingAsync()
    {
        if (_loading is not { Task.IsCompleted: true } loading)
            return;
        _loading = null;
        try
        {
            Serve(loading.Model, await loading.Task);
        }
        catch (ModelRefusedException e)
        {
            Refuse(loading.Model, e.Message);
        }
        catch (Exception e) when (StorageFaults.Is(e))
        {
            logger.WatchFailed(StorageFaults.Describe(e));
            _known = null;
        }
        finally
        {
            loading.Dispose();
        }
    }

    private void Serve(ServedModel model, ISliceSegmenter segmenter)
    {
        var before = Serving.Version;
        Thread.Serve(segmenter);
        (_refused, _retry) = (null, FirstRetry);
        logger.Swapped(before, model.Version);
        Note(model);
    }

    private void Refuse(ServedModel model, string reason)
    {
        alerts.Refused(model, reason, Serving.Version);
        if (model.Version == UnknownVersion)
            return;
        _refused = model;
        _retryAt = time.GetUtcNow() + _retry;
        _retry = _retry * 2 < LongestRetry ? _retry * 2 : LongestRetry;
    }

    private void Note(ServedModel model)
    {
        alerts.Accepted(model);
        if (!lastServed.TryWrite(model))
            logger.NotNoted(model.Version);
    }

    private async Task ServeFirstAsync(ServedModel model, string folder, CancellationToken cancellationToken)
    {
        var thread = _thread ??= startThread();
        try
        {
            thread.Serve(await loader.LoadOnAsync(thread, folder, model, cancellationToken));
        }
        catch (ModelRefusedException e) when (e.InnerException is TimeoutException)
        {
            // What hangs keeps its thread.
            thread.Dispose();
            _thread = null;
            throw;
        }
    }

    /// <summary>
    /// The last one that served on this machine goes first, of which all is here, then those that the alias names as having served before, the newest
    /// first. Where the alias was moved back from the last one, that comes last: somebody found it wanting.
    /// </summary>
    /// <param name="alias">Null where it could not be read.</param>
    /// <param name="isRefused">The alias or its model; false where storage failed, which more downloads would only try further.</param>
    /// <param name="isFetched">The alias's model was refused with all of its files at hand: the same files would be again.</param>
    private async Task<bool> TryServeEarlierAsync(ReadAlias? alias, bool isRefused, bool isFetched, CancellationToken cancellationToken)
    {
        var before = alias?.Before.Reverse().Distinct().Where(model => model != alias.Model).ToList() ?? [];
        var last = lastServed.Read();
        if (isFetched && last == alias?.Model)
            last = null;
        var goesFirst = last is not null && (alias?.Model is null || last == alias.Model || before.Count == 0 || before.Contains(last));
        if (goesFirst && await TryServeLastAsync(last!, isNews: last != alias?.Model, cancellationToken))
            return true;
        if (isRefused && await TryServeBeforeAsync(before, cancellationToken))
            return true;
        return last is not null && !goesFirst && await TryServeLastAsync(last, isNews: true, cancellationToken);
    }

    /// <param name="isNews">Whether a later refusal of it is: not where it was refused just now.</param>
    private async Task<bool> TryServeLastAsync(ServedModel last, bool isNews, CancellationToken cancellationToken)
    {
        try
        {
            await ServeFirstAsync(last, models.FolderOf(last), cancellationToken);
        }
        catch (ModelRefusedException)
        {
            return false;
        }
        logger.LastServes(last.Version);
        if (isNews)
            Note(last);
        return true;
    }

    private async Task<bool> TryServeBeforeAsync(IReadOnlyList<ServedModel> before, CancellationToken cancellationToken)
    {
        foreach (var model in before)
        {
            try
            {
                await ServeFirstAsync(model, await models.FetchAsync(model, Alias, cancellationToken), cancellationToken);
                logger.EarlierServes(model.Version);
                Note(model);
                return true;
            }
            catch (ModelRefusedException e)
            {
                logger.ModelRefused(model.Version, e.Message, "none");
            }
            catch (Exception e) when (StorageFaults.Is(e))
            {
                logger.WatchFailed(StorageFaults.Describe(e));
                return false;
            }
        }
        return false;
    }

    private Task TellOfNoModelAsync(ServedModel model, ModelRefusedException refusal, CancellationToken cancellationToken)
    {
        alerts.Refused(model, refusal.Message, serving: null);
        return alerts.SendAsync(cancellationToken);
    }
}
