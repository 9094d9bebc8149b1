using Amqp;

namespace CtSeg.Local.ServiceBus.Protocol;

/// <summary>
/// Holds what the listener sends until the client's AMQP header has come. The listener would otherwise send its
/// header and open together with the SASL outcome, and clients that read all of it at once (rhea) stall.
/// </summary>
internal sealed class HeaderGate(IAsyncTransport inner) : IAsyncTransport
{
    private const int HeaderSize = 8;

    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _received;

    public void SetConnection(Connection connection) => inner.SetConnection(connection);

    public Task SendAsync(IList<ByteBuffer> bufferList, int listSize) =>
        _opened.Task.IsCompletedSuccessfully ? inner.SendAsync(bufferList, listSize) : SendWhenOpenAsync(bufferList, listSize);

    public Task<int> ReceiveAsync(byte[] buffer, int offset, int count) =>
        _opened.Task.IsCompleted ? inner.ReceiveAsync(buffer, offset, count) : ReceiveHeaderAsync(buffer, offset, count);

    public void Send(ByteBuffer buffer) => inner.Send(buffer);

    public int Receive(byte[] buffer, int offset, int count) => inner.Receive(buffer, offset, count);

    public void Close()
    {
        _opened.TrySetCanceled();
        inner.Close();
    }

    private async Task SendWhenOpenAsync(IList<ByteBuffer> bufferList, int listSize)
    {
        await _opened.Task;
        await inner.SendAsync(bufferList, listSize);
    }

    private async Task<int> ReceiveHeaderAsync(byte[] buffer, int offset, int count)
    {
        var size = 0;
        try
        {
            size = await inner.ReceiveAsync(buffer, offset, count);
            return size;
        }
        finally
        {
            // A client that left before its header must not leave the writer waiting: it closes the socket after the send.
            _received += size;
            if (size == 0)
                _opened.TrySetCanceled();
            else if (_received >= HeaderSize)
                _opened.TrySetResult();
        }
    }
}
