using Amqp;

namespace CtSeg.Local.ServiceBus.Protocol;

/// <summary>
/// Holds what the listener sends until the client's AMQP header has come. The listener would otherwise send its
/// header and open together with the SASL outcome, and clients that read all of it at once (rhea) stall. Also tells
/// the connection's state when the transport breaks, before the library learns of it.
/// </summary>
internal sealed class HeaderGate(IAsyncTransport inner) : IAsyncTransport
{
    private const int HeaderSize = 8;

    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Connection? _connection;
    private int _received;

    public void SetConnection(Connection connection)
    {
        _connection = connection;
        inner.SetConnection(connection);
    }

    public async Task SendAsync(IList<ByteBuffer> bufferList, int listSize)
    {
        var sent = false;
        try
        {
            await _opened.Task;
            await inner.SendAsync(bufferList, listSize);
            sent = true;
        }
        finally
        {
            if (!sent)
                TellBroken();
        }
    }

    public async Task<int> ReceiveAsync(byte[] buffer, int offset, int count)
    {
        var size = 0;
        try
        {
            size = await inner.ReceiveAsync(buffer, offset, count);
            return size;
        }
        finally
        {
            CountHeader(size);
            if (size == 0)
                TellBroken();
        }
    }

    public void Send(ByteBuffer buffer) => inner.Send(buffer);

    public int Receive(byte[] buffer, int offset, int count) => inner.Receive(buffer, offset, count);

    public void Close()
    {
        TellBroken();
        _opened.TrySetCanceled();
        inner.Close();
    }

    private void CountHeader(int size)
    {
        if (_opened.Task.IsCompleted)
            return;
        // A client that left before its header must not leave the writer waiting: it closes the socket after the send.
        _received += size;
        if (size == 0)
            _opened.TrySetCanceled();
        else if (_received >= HeaderSize)
            _opened.TrySetResult();
    }

    private void TellBroken() => (_connection?.Handler as ClientConnection)?.MarkBroken();
}
