namespace CtSeg.ServiceBus.Connections;

internal interface IReopenable : IAsyncDisposable
{
    bool IsClosed { get; }
}

/// <summary>Something that is opened when first needed and again whenever it was found closed. One opening at a time.</summary>
internal sealed class Reopening<T>(Func<CancellationToken, Task<T>> open) : IAsyncDisposable where T : class, IReopenable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile T? _current;
    private bool _isDisposed;

    public T? Current => _current;

    public async ValueTask<T> GetAsync(CancellationToken cancellationToken)
    {
        if (_current is { IsClosed: false } current)
            return current;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            // Not an ObjectDisposedException: the library throws those when a connection breaks, and they are tried again.
            if (_isDisposed)
                throw new ServiceBusException("The Service Bus client was disposed.", isTransient: false);
            if (_current is { IsClosed: false } opened)
                return opened;
            if (_current is { } dead)
                await dead.DisposeAsync();
            _current = null;
            return _current = await open(cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync();
        try
        {
            _isDisposed = true;
            if (_current is { } current)
                await current.DisposeAsync();
            _current = null;
        }
        finally
        {
            _gate.Release();
        }
    }
}
