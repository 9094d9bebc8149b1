using System.Numerics;
using System.Runtime.InteropServices;

namespace CtSeg.Imaging.Png;

/// <summary>The five row filters of PNG (ISO/IEC 15948, section 9).</summary>
internal static class PngFilters
{
    /// <param name="filter">0 to 4, from the file.</param>
    /// <param name="row">Filtered bytes, restored in place.</param>
    /// <param name="above">The restored row above; zeros above the first.</param>
    /// <param name="step">Bytes a pixel, at least 1.</param>
    /// <exception cref="SliceRejectedException">No such filter.</exception>
    public static void Undo(byte filter, Span<byte> row, ReadOnlySpan<byte> above, int step)
    {
        above = above[..row.Length];
        switch (filter)
        {
            case 0:
                break;
            case 1:
                for (int i = step; i < row.Length; i++)
                    row[i] += row[i - step];
                break;
            case 2:
                UndoUp(row, above);
                break;
            case 3:
                for (int i = 0; i < row.Length; i++)
                    row[i] += (byte)(((i < step ? 0 : row[i - step]) + above[i]) >> 1);
                break;
            case 4:
                UndoPaeth(row, above, step);
                break;
            default:
                throw SliceRejectedException.Corrupt("the PNG uses a row filter that does not exist");
        }
    }

    private static void UndoUp(Span<byte> row, ReadOnlySpan<byte> above)
    {
        int i = 0;
        var rows = MemoryMarshal.Cast<byte, Vector<byte>>(row);
        var aboves = MemoryMarshal.Cast<byte, Vector<byte>>(above);
        for (int v = 0; v < rows.Length; v++, i += Vector<byte>.Count)
            rows[v] += aboves[v];
        for (; i < row.Length; i++)
            row[i] += above[i];
    }

    private static void UndoPaeth(Span<byte> row, ReadOnlySpan<byte> above, int step)
    {
        int head = Math.Min(step, row.Length);
        for (int i = 0; i < head; i++)
            row[i] += above[i];
        for (int i = step; i < row.Length; i++)
        {
            int left = row[i - step], up = above[i], corner = above[i - step];
            int toLeft = Math.Abs(up - corner), toUp = Math.Abs(left - corner), toCorner = Math.Abs(left + up - 2 * corner);
            row[i] += (byte)(toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner);
        }
    }
}
