using CtSeg.Models;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>A model on its way.</summary>
internal sealed class LoadingModel : IDisposable
{
    private readonly CancellationTokenSource _givenUp;

    private LoadingModel(ServedModel model, CancellationTokenSource givenUp, Task<ISliceSegmenter> task) => (Model, _givenUp, Task) = (model, givenUp, task);

    public ServedModel Model { get; }

    public Task<ISliceSegmenter> Task { get; }

    /// <param name="load">Its token is cancelled when nobody wants the model any more.</param>
    public static LoadingModel Begin(ServedModel model, Func<CancellationToken, Task<ISliceSegmenter>> load, CancellationToken cancellationToken)
    {
        var givenUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        return new LoadingModel(model, givenUp, System.Threading.Tasks.Task.Run(() => load(givenUp.Token), CancellationToken.None));
    }

    /// <summary>Nobody wants it any more; if it was loaded already, it is disposed of.</summary>
    public void GiveUp()
    {
        _givenUp.Cancel();
        _ = Task.ContinueWith(
            done =>
            {
                if (done.IsCompletedSuccessfully)
                    done.Result.Dispose();
                else
                    _ = done.Exception;
                _givenUp.Dispose();
            },
            CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    public void Dispose() => _givenUp.Dispose();
}
