using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Model;

/// <summary>
/// Pads a map on all sides, by reflection without repeating the edge, to a multiple of what the poolings divide by. Unlike torch's own it also
/// pads by more than the map's size, reflecting again and again, so that no input is too small.
/// </summary>
internal sealed record ReflectionPadding(long Height, long Width, long PaddedHeight, long PaddedWidth)
{
    public static ReflectionPadding For(long height, long width, int multiple)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        return new ReflectionPadding(height, width, RoundUp(height, multiple), RoundUp(width, multiple));
    }

    /// <param name="map">[batch, channels, height, width]</param>
    public Tensor Apply(Tensor map) => Pad(Pad(map, 2, Height, PaddedHeight), 3, Width, PaddedWidth);

    /// <param name="map">[batch, channels, padded height, padded width]</param>
    public Tensor Undo(Tensor map) => map
        .narrow(2, (PaddedHeight - Height) / 2, Height).narrow(3, (PaddedWidth - Width) / 2, Width).contiguous();

    private static Tensor Pad(Tensor map, int dimension, long size, long padded)
    {
        if (size == padded)
            return map;
        var before = (padded - size) / 2;
        var source = new long[padded];
        for (var index = 0; index < padded; index++)
            source[index] = Reflect(index - before, size);
        return map.index_select(dimension, tensor(source, device: map.device));
    }

    private static long Reflect(long index, long size)
    {
        if (size == 1)
            return 0;
        var period = 2 * (size - 1);
        var within = ((index % period) + period) % period;
        return within < size ? within : period - within;
    }

    private static long RoundUp(long size, int multiple) => (size + multiple - 1) / multiple * multiple;
}
