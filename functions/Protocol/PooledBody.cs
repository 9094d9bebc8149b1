using System.Buffers;

namespace CtSeg.Functions.Protocol;

/// <summary>A request body in a buffer from the pool. Dispose it when nobody looks at the bytes any more.</summary>
internal sealed class PooledBody : IDisposable
{
    private const int FirstLength = 512 * 1024;
    private byte[] _buffer;

    private PooledBody(byte[] buffer) => _buffer = buffer;

    public int Length { get; private set; }

    public Span<byte> Span => _buffer.AsSpan(0, Length);

    public ReadOnlyMemory<byte> Slice(int start, int length) => _buffer.AsMemory(start, length);

    public static async Task<PooledBody> ReadAsync(Stream body, long? announced, CancellationToken cancellationToken)
    {
        // One byte more than announced: the end is seen without growing.
        var length = announced is { } bytes ? (int)Math.Min(bytes + 1, Array.MaxLength) : FirstLength;
        var pooled = new PooledBody(ArrayPool<byte>.Shared.Rent(length));
        try
        {
            await pooled.FillAsync(body, cancellationToken);
            return pooled;
        }
        catch
        {
            pooled.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, []);
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    private async Task FillAsync(Stream body, CancellationToken cancellationToken)
    {
        int read;
        while ((read = await body.ReadAsync(_buffer.AsMemory(Length), cancellationToken)) > 0)
        {
            Length += read;
            if (Length == _buffer.Length)
                Grow();
        }
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(checked(2 * _buffer.Length));
        _buffer.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
