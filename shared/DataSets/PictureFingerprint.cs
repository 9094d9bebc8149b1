using System.Numerics;
using System.Runtime.InteropServices;
using CtSeg.Imaging;
using CtSeg.Preprocessing;

namespace CtSeg.DataSets;

/// <summary>
/// Knows a picture again in another window, size or compression: the signs of the 256 lowest frequencies (discrete cosine transform, without the mean)
/// of the picture at 64 x 64. A narrow window of soft tissue, a margin that was cut off and a turn are other pictures to it.
/// </summary>
public static class PictureFingerprint
{
    /// <value>
    /// Bits in which two fingerprints of one picture may differ. Of 79 real slices in 18 other forms each the farthest differs by 20, the two
    /// nearest slices of one patient by 31, of two patients by 53 (a test measures it). Neighbours in a volume of thin slices may be nearer.
    /// </value>
    public const int MaxDistance = 24;

    private const int Bits = 256;
    private const int Side = 64;
    // A plain picture has no structure: what rounding leaves of its coefficients must not be drawn as bits.
    private const double Silence = 1e-3;
    private static readonly (int Row, int Column)[] Frequencies = LowestFrequencies();
    private static readonly double[][] Waves = CosineWaves(Frequencies.Max(f => Math.Max(f.Row, f.Column)) + 1);

    /// <param name="preprocessed">[369, 369] grey.</param>
    /// <returns>64 hexadecimal characters.</returns>
    public static string Of(GreyImage preprocessed)
    {
        ArgumentNullException.ThrowIfNull(preprocessed);
        var small = AreaResize.Resize(preprocessed, Side, Side).Pixels;
        var rows = Waves.Select(wave => AlongColumns(small, wave)).ToArray();
        var bytes = new byte[Bits / 8];
        for (var bit = 0; bit < Bits; bit++)
        {
            var (row, column) = Frequencies[bit];
            if (Dot(rows[row], Waves[column]) > Silence)
                bytes[bit / 8] |= (byte)(0x80 >> (bit % 8));
        }
        return Convert.ToHexStringLower(bytes);
    }

    /// <returns>In how many of 256 bits they differ.</returns>
    /// <exception cref="FormatException">Not a fingerprint.</exception>
    public static int Distance(string one, string other) => Distance(Words(one), Words(other));

    /// <summary>Whether the picture shows anything: one without structure (all black) is that of many slices.</summary>
    public static bool HasStructure(string fingerprint) => fingerprint.AsSpan().ContainsAnyExcept('0');

    /// <summary>Whether a text has the form of a fingerprint.</summary>
    public static bool IsPlausible(string? text) => text is { Length: Bits / 4 } && text.All(char.IsAsciiHexDigitLower);

    internal static FingerprintBits Words(string fingerprint) => IsPlausible(fingerprint)
        ? new FingerprintBits(Word(fingerprint, 0), Word(fingerprint, 1), Word(fingerprint, 2), Word(fingerprint, 3))
        : throw new FormatException($"A fingerprint has {Bits / 4} hexadecimal characters.");

    internal static int Distance(FingerprintBits one, FingerprintBits other) =>
        BitOperations.PopCount(one.A ^ other.A) + BitOperations.PopCount(one.B ^ other.B)
        + BitOperations.PopCount(one.C ^ other.C) + BitOperations.PopCount(one.D ^ other.D);

    private static ulong Word(string fingerprint, int index) => Convert.ToUInt64(fingerprint.Substring(16 * index, 16), 16);

    private static (int Row, int Column)[] LowestFrequencies() =>
    [
        .. Enumerable.Range(0, Side * Side).Select(i => (Row: i / Side, Column: i % Side))
            .Where(f => f.Row + f.Column > 0)
            .OrderBy(f => f.Row + f.Column).ThenBy(f => f.Row)
            .Take(Bits),
    ];

    private static double[][] CosineWaves(int count) =>
    [
        .. Enumerable.Range(0, count).Select(frequency =>
            Enumerable.Range(0, Side).Select(x => Math.Cos(Math.PI * frequency * (x + 0.5) / Side)).ToArray()),
    ];

    private static double[] AlongColumns(byte[] picture, double[] wave)
    {
        var sums = new double[Side];
        for (var y = 0; y < Side; y++)
            for (var x = 0; x < Side; x++)
                sums[x] += wave[y] * picture[y * Side + x];
        return sums;
    }

    private static double Dot(double[] one, double[] other)
    {
        var sum = 0.0;
        for (var i = 0; i < one.Length; i++)
            sum += one[i] * other[i];
        return sum;
    }
}

/// <summary>The bits of a fingerprint.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct FingerprintBits(ulong A, ulong B, ulong C, ulong D);
