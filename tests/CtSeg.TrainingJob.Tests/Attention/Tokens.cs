using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Attention;

/// <summary>Small random token sequences, as arrays and as tensors of 64-bit floats.</summary>
internal static class Tokens
{
    public static double[][] Random(Random random, int count, int channels) =>
        [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, channels).Select(_ => (2 * random.NextDouble()) - 1).ToArray())];

    public static int[][] RandomBuckets(Random random, int rounds, int count, int buckets) =>
        [.. Enumerable.Range(0, rounds).Select(_ => Enumerable.Range(0, count).Select(_ => random.Next(buckets)).ToArray())];

    /// <returns>[1, tokens, 1, channels]</returns>
    public static Tensor ToTensor(double[][] rows) => tensor(rows.SelectMany(row => row).ToArray(), [1, rows.Length, 1, rows[0].Length]);

    /// <returns>[rounds, 1, tokens]</returns>
    public static Tensor ToTensor(int[][] buckets) =>
        tensor(buckets.SelectMany(round => round.Select(bucket => bucket)).ToArray(), [buckets.Length, 1, buckets[0].Length]);

    /// <param name="attended">[1, tokens, 1, channels]</param>
    public static void ShouldBe(Tensor attended, double[][] expected, double tolerance = 1e-9)
    {
        var values = attended.contiguous().data<double>().ToArray();
        values.Length.ShouldBe(expected.Length * expected[0].Length);
        for (var i = 0; i < values.Length; i++)
            values[i].ShouldBe(expected[i / expected[0].Length][i % expected[0].Length], tolerance, $"token {i / expected[0].Length}");
    }
}
