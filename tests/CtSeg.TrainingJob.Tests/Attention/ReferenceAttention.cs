namespace CtSeg.TrainingJob.Tests.Attention;

/// <summary>The definition of the attention, in loops over sets, without chunks of tensors: slow, and independent of the product.</summary>
internal static class ReferenceAttention
{
    /// <summary>All tokens see all others: softmax of q_i.k_j / sqrt(d), without j = i.</summary>
    public static double[][] Exact(double[][] query, double[][] value) =>
        [.. query.Select((_, i) => Combine(
            Enumerable.Range(0, query.Length).Where(j => j != i || query.Length == 1).Select(j => (Score(query, i, j), value[j]))))];

    /// <summary>Attention within buckets and windows, all rounds weighed together: a pair seen in n rounds counts 1/n in each.</summary>
    public static double[][] Lsh(double[][] query, double[][] value, int[][] buckets, int chunkLength)
    {
        var sees = buckets.Select(round => Sees(round, chunkLength)).ToArray();
        return [.. query.Select((_, i) => Attend(i))];

        double[] Attend(int i)
        {
            var company = Enumerable.Range(0, query.Length).Any(j => j != i && sees.Any(round => round[i, j]));
            var terms = new List<(double, double[])>();
            foreach (var round in sees)
            {
                for (var j = 0; j < query.Length; j++)
                {
                    if (round[i, j] && (j != i || !company))
                        terms.Add((Score(query, i, j) - Math.Log(sees.Count(other => other[i, j])), value[j]));
                }
            }
            return Combine(terms);
        }
    }

    /// <summary>Whether j is in i's bucket and in i's own or previous chunk of the sorted order.</summary>
    public static bool[,] Sees(int[] buckets, int chunkLength)
    {
        var order = Enumerable.Range(0, buckets.Length).OrderBy(i => buckets[i]).ThenBy(i => i).ToList();
        var chunk = new int[buckets.Length];
        for (var place = 0; place < order.Count; place++)
            chunk[order[place]] = place / chunkLength;
        var sees = new bool[buckets.Length, buckets.Length];
        for (var i = 0; i < buckets.Length; i++)
        {
            for (var j = 0; j < buckets.Length; j++)
                sees[i, j] = buckets[i] == buckets[j] && (chunk[j] == chunk[i] || chunk[j] == chunk[i] - 1);
        }
        return sees;
    }

    private static double Score(double[][] query, int i, int j)
    {
        var norm = Math.Max(Math.Sqrt(query[j].Sum(x => x * x)), 1e-6);
        return query[i].Zip(query[j], (a, b) => a * b / norm).Sum() / Math.Sqrt(query[i].Length);
    }

    private static double[] Combine(IEnumerable<(double Score, double[] Value)> terms)
    {
        var list = terms.ToList();
        var total = list.Sum(term => Math.Exp(term.Score));
        return [.. Enumerable.Range(0, list[0].Value.Length).Select(c => list.Sum(term => Math.Exp(term.Score) * term.Value[c]) / total)];
    }
}
